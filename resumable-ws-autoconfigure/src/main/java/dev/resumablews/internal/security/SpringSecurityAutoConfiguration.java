package dev.resumablews.internal.security;

import java.util.ArrayList;
import java.util.List;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.client.ClientScript;
import dev.resumablews.internal.handler.HandlerInterceptor;
import dev.resumablews.internal.handshake.SessionLogin;
import dev.resumablews.internal.presence.Disconnects;
import jakarta.servlet.http.HttpSessionListener;

import dev.resumablews.internal.handshake.Endpoint;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.builders.WebSecurity;
import org.springframework.security.config.annotation.web.configurers.LogoutConfigurer;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolderStrategy;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;

/**
 * Auto-configuration for applications with Spring Security.
 */
@AutoConfiguration
@ConditionalOnClass(SecurityContextHolder.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
public final class SpringSecurityAutoConfiguration {

	@Bean
	HandlerInterceptor resumableWsSecurityContextInterceptor(ObjectProvider<SecurityContextHolderStrategy> strategy) {
		return new SecurityContextInterceptor(
				() -> strategy.getIfUnique(SecurityContextHolder::getContextHolderStrategy));
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = Type.SERVLET)
	@ConditionalOnClass({ WebSecurity.class, PathPatternRequestMatcher.class })
	@ConditionalOnBooleanProperty(name = "resumable-ws.auth.permit-with-spring-security", matchIfMissing = true)
	static class EndpointConfiguration {

		/**
		 * Names of the beans that map the paths. Without an endpoint, for example because
		 * it is disabled, the path belongs to the application and stays protected. Not
		 * expressed as conditions, because those auto-configurations run later.
		 */
		private static final String ENDPOINT = "resumableWsHandlerMapping";

		private static final String SCRIPTS = "resumableWsClientScriptMapping";

		@Bean
		static EndpointFilterChainRegistrar resumableWsEndpointFilterChainRegistrar(BeanFactory beans) {
			return new EndpointFilterChainRegistrar(() -> paths(beans), beans);
		}

		private static List<String> paths(BeanFactory beans) {
			List<String> paths = new ArrayList<>();
			if (beans.containsBean(ENDPOINT)) {
				ResumableWsProperties properties = beans.getBean(ResumableWsProperties.class);
				paths.add(properties.path());
				if (properties.http().enabled()) {
					paths.add(Endpoint.EVENTS.path(properties.path()));
					paths.add(Endpoint.MESSAGES.path(properties.path()));
				}
			}
			if (beans.containsBean(SCRIPTS)) {
				paths.addAll(ClientScript.paths(beans.getBean(ResumableWsProperties.class).client().path()));
			}
			return paths;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = Type.SERVLET)
	@ConditionalOnClass({ WebSecurity.class, PathPatternRequestMatcher.class, HttpSessionListener.class })
	static class LoginConfiguration {

		@Bean(defaultCandidate = false)
		LoginEnds resumableWsLoginEnds(ObjectProvider<Disconnects> disconnects,
				ObjectProvider<HandshakeAuthenticator> authenticator) {
			return new LoginEnds(
					() -> SessionLogin.isUsedBy(authenticator.getIfAvailable()) ? disconnects.getIfAvailable() : null);
		}

		@Bean
		Customizer<LogoutConfigurer<HttpSecurity>> resumableWsLogoutCustomizer(BeanFactory beans) {
			return (logout) -> logout.addLogoutHandler(beans.getBean(LoginEnds.class));
		}

	}

}
