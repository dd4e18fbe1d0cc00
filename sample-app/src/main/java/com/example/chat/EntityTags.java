package com.example.chat;

import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.filter.ShallowEtagHeaderFilter;

/**
 * Gives the page's files entity tags made from their content. Their names do not tell
 * versions apart, nor do the times in a jar of a reproducible build.
 */
@Configuration(proxyBeanMethods = false)
class EntityTags {

	@Bean
	FilterRegistrationBean<ShallowEtagHeaderFilter> entityTagFilter() {
		FilterRegistrationBean<ShallowEtagHeaderFilter> registration = new FilterRegistrationBean<>(
				new ShallowEtagHeaderFilter());
		registration.addUrlPatterns("/", "*.html", "*.css", "*.js", "*.mjs", "*.svg", "*.png", "*.ico");
		return registration;
	}

}
