package dev.resumablews.internal.handshake;

import java.util.List;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.observability.ListenerDispatcher;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.configuration.WebSecurityCustomizer;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.web.socket.server.HandshakeInterceptor;

/**
 * Auto-configuration of what decides who may connect.
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(HandshakeInterceptor.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class HandshakeAutoConfiguration {

	private static final String ALTERNATIVES = "set one of resumable-ws.auth.jwt.secret, "
			+ "resumable-ws.auth.jwt.public-key-location, resumable-ws.auth.jwt.jwk-set-uri "
			+ "and resumable-ws.auth.jwt.issuer-uri, or define a bean of type JwtDecoder or HandshakeAuthenticator.";

	@Bean
	@ConditionalOnMissingBean(name = "resumableWsHandshakeInterceptor")
	HandshakeInterceptor resumableWsHandshakeInterceptor(ResumableWsProperties properties,
			ObjectProvider<HandshakeAuthenticator> authenticator, ObjectProvider<ConnectionLimiter> admission,
			ListenerDispatcher listeners) {
		HandshakeAuthenticator found = authenticator.getIfAvailable(() -> {
			throw new JwtSetupException("Nothing says how the WebSocket clients of resumable-ws are authenticated.",
					"Add org.springframework.security:spring-security-oauth2-jose to the class path and "
							+ ALTERNATIVES);
		});
		return new ResumableWsHandshakeInterceptor(new OriginPolicy(properties.allowedOrigins()), found,
				admission.getIfAvailable(() -> ConnectionLimiter.NONE), listeners.listener());
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(JwtDecoder.class)
	static class JwtConfiguration {

		@Bean
		@ConditionalOnMissingBean(HandshakeAuthenticator.class)
		JwtAuthenticator resumableWsHandshakeAuthenticator(ResumableWsProperties properties,
				ObjectProvider<JwtDecoder> applicationDecoder) {
			ResumableWsProperties.Auth auth = properties.auth();
			ResumableWsProperties.Jwt jwt = auth.jwt();
			JwtDecoder decoder = SettingsJwtDecoder.of(new JwtSettings(jwt.secret(), jwt.publicKeyLocation(),
					jwt.jwkSetUri(), jwt.issuerUri(), jwt.clockSkew()));
			if (decoder == null) {
				decoder = applicationDecoder.getIfAvailable(() -> {
					throw new JwtSetupException("Nothing says how the tokens of WebSocket clients are verified.",
							Character.toUpperCase(ALTERNATIVES.charAt(0)) + ALTERNATIVES.substring(1));
				});
			}
			List<TokenSource> sources = auth.tokenSources()
				.stream()
				.map((source) -> tokenSource(source, auth.cookieName()))
				.toList();
			return new JwtAuthenticator(sources, decoder, jwt.userClaim(), jwt.audiences());
		}

		private static TokenSource tokenSource(ResumableWsProperties.TokenSource source, String cookieName) {
			return switch (source) {
				case HEADER -> TokenSource.header();
				case SUBPROTOCOL -> TokenSource.subprotocol();
				case COOKIE -> TokenSource.cookie(cookieName);
				case QUERY -> TokenSource.query();
			};
		}

	}

	/**
	 * Lets handshakes through Spring Security to where they are verified. Not by a
	 * SecurityFilterChain of its own: for that Boot's would step back, and every other
	 * path of the application would be open.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ WebSecurityCustomizer.class, PathPatternRequestMatcher.class })
	@ConditionalOnBooleanProperty(name = "resumable-ws.auth.permit-with-spring-security", matchIfMissing = true)
	static class SpringSecurityConfiguration {

		@Bean
		@ConditionalOnMissingBean(name = "resumableWsWebSecurityCustomizer")
		WebSecurityCustomizer resumableWsWebSecurityCustomizer(ResumableWsProperties properties,
				ObjectProvider<PathPatternRequestMatcher.Builder> matchers) {
			return (web) -> web.ignoring()
				.requestMatchers(
						matchers.getIfAvailable(PathPatternRequestMatcher::withDefaults).matcher(properties.path()));
		}

	}

}
