package dev.resumablews.internal.client;

import dev.resumablews.ResumableWsProperties;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.security.config.annotation.web.configuration.WebSecurityCustomizer;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;

/**
 * Auto-configuration of the scripts that browsers connect with.
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = Type.SERVLET)
@ConditionalOnClass(SimpleUrlHandlerMapping.class)
@ConditionalOnBooleanProperty(name = { "resumable-ws.enabled", "resumable-ws.client.enabled" }, matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
@ImportRuntimeHints(ClientScriptRuntimeHints.class)
public final class ClientScriptAutoConfiguration {

	@Bean(defaultCandidate = false)
	@ConditionalOnMissingBean(name = "resumableWsClientScriptMapping")
	SimpleUrlHandlerMapping resumableWsClientScriptMapping(ResumableWsProperties properties) {
		return ClientScript.mapping(properties.client().path());
	}

	/**
	 * Lets everybody have the scripts, which hold no secret.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ WebSecurityCustomizer.class, PathPatternRequestMatcher.class })
	@ConditionalOnBooleanProperty(name = "resumable-ws.auth.permit-with-spring-security", matchIfMissing = true)
	static class SpringSecurityConfiguration {

		@Bean
		@ConditionalOnMissingBean(name = "resumableWsClientWebSecurityCustomizer")
		WebSecurityCustomizer resumableWsClientWebSecurityCustomizer(ResumableWsProperties properties,
				ObjectProvider<PathPatternRequestMatcher.Builder> matchers) {
			PathPatternRequestMatcher.Builder matcher = matchers
				.getIfAvailable(PathPatternRequestMatcher::withDefaults);
			RequestMatcher[] scripts = ClientScript.paths(properties.client().path())
				.stream()
				.map(matcher::matcher)
				.toArray(RequestMatcher[]::new);
			return (web) -> web.ignoring().requestMatchers(scripts);
		}

	}

}
