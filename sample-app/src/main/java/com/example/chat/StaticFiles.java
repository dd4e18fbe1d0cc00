package com.example.chat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

import org.springframework.boot.autoconfigure.web.WebProperties;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.util.DigestUtils;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistration;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Serves the page's files. Browsers cache and always revalidate them, so that an old page
 * never runs with a new client. Entity tags are computed from the content, because
 * neither the names nor the times in a reproducible jar identify a version.
 */
@Configuration(proxyBeanMethods = false)
@Order(Ordered.HIGHEST_PRECEDENCE) // Spring Boot adds no handlers if there are any
class StaticFiles implements WebMvcConfigurer {

	private final String[] locations;

	StaticFiles(WebProperties properties) {
		this.locations = properties.getResources().getStaticLocations();
	}

	@Override
	public void addResourceHandlers(ResourceHandlerRegistry registry) {
		serve(registry.addResourceHandler("/webjars/**").addResourceLocations("classpath:/META-INF/resources/webjars/"))
			.resourceChain(true);
		serve(registry.addResourceHandler("/**").addResourceLocations(this.locations));
	}

	private static ResourceHandlerRegistration serve(ResourceHandlerRegistration files) {
		return files.setCacheControl(CacheControl.noCache())
			.setUseLastModified(false)
			.setEtagGenerator(StaticFiles::entityTag);
	}

	private static String entityTag(Resource file) {
		try (InputStream content = file.getInputStream()) {
			// weak: Tomcat does not compress files with a strong one
			return "W/\"" + DigestUtils.md5DigestAsHex(content) + "\"";
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
