package dev.resumablews.internal.handshake;

import java.util.List;
import java.util.function.Predicate;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.observability.ListenerDispatcher;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.ResolvableType;
import org.springframework.core.convert.converter.Converter;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.authorization.AuthorizationManagerFactory;
import org.springframework.security.authorization.DefaultAuthorizationManagerFactory;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;
import org.springframework.util.StringUtils;
import org.springframework.web.socket.server.HandshakeInterceptor;

/**
 * Auto-configuration of the handshake and its authentication.
 */
@AutoConfiguration(
		afterName = "org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration")
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(HandshakeInterceptor.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class HandshakeAutoConfiguration {

	private static final Log logger = LogFactory.getLog(HandshakeAutoConfiguration.class);

	/**
	 * Name of Spring Security's filter bean.
	 */
	private static final String SECURITY_FILTER = "springSecurityFilterChain";

	private static final String ALTERNATIVES = "set one of resumable-ws.auth.jwt.secret, "
			+ "resumable-ws.auth.jwt.public-key-location, resumable-ws.auth.jwt.jwk-set-uri "
			+ "and resumable-ws.auth.jwt.issuer-uri, or define a bean of type JwtDecoder or HandshakeAuthenticator.";

	@Bean(defaultCandidate = false)
	@ConditionalOnMissingBean(name = "resumableWsHandshakeInterceptor")
	HandshakeInterceptor resumableWsHandshakeInterceptor(HandshakeGate gate) {
		return new ResumableWsHandshakeInterceptor(gate);
	}

	/**
	 * Lazy, because an application with its own interceptor and without the HTTP
	 * endpoints needs no authenticator.
	 */
	@Bean
	@Lazy
	HandshakeGate resumableWsHandshakeGate(ResumableWsProperties properties,
			ObjectProvider<HandshakeAuthenticator> authenticator, ObjectProvider<ConnectionLimiter> admission,
			ListenerDispatcher listeners) {
		HandshakeAuthenticator found = authenticator.getIfAvailable(() -> {
			throw new JwtSetupException("No authentication is configured for the resumable-ws WebSocket endpoint.",
					"Add org.springframework.security:spring-security-oauth2-jose to the class path and "
							+ ALTERNATIVES);
		});
		ResumableWsProperties.Auth auth = properties.auth();
		return new HandshakeGate(
				new HandshakeRateLimiter(auth.handshakesPerSecondPerAddress(), auth.handshakeBurstPerAddress()),
				new OriginPolicy(properties.allowedOrigins()), found,
				admission.getIfAvailable(() -> ConnectionLimiter.NONE), listeners.listener(), authenticatesLater(auth));
	}

	/**
	 * A token in the handshake takes precedence. The first message is used only if the
	 * handshake has no token and messages are a token source.
	 */
	private static Predicate<ServerHttpRequest> authenticatesLater(ResumableWsProperties.Auth auth) {
		List<TokenSource> sources = tokenSources(auth);
		boolean message = auth.tokenSources().contains(ResumableWsProperties.TokenSource.MESSAGE);
		return (request) -> message && sources.stream().allMatch((source) -> source.find(request) == null);
	}

	private static List<TokenSource> tokenSources(ResumableWsProperties.Auth auth) {
		return auth.tokenSources().stream().map((source) -> tokenSource(source, auth.cookieName())).toList();
	}

	private static TokenSource tokenSource(ResumableWsProperties.TokenSource source, String cookieName) {
		return switch (source) {
			case HEADER -> TokenSource.header();
			case SUBPROTOCOL -> TokenSource.subprotocol();
			case COOKIE -> TokenSource.cookie(cookieName);
			case QUERY -> TokenSource.query();
			case MESSAGE -> TokenSource.message();
		};
	}

	/**
	 * Browsers send cookies no matter which page opens a WebSocket.
	 */
	private static void refuseAnyPage(List<String> origins, String because, String otherwise) {
		String any = origins.stream().filter(OriginPolicy::isAnyHost).findFirst().orElse(null);
		if (any != null) {
			throw new JwtSetupException(
					"The origin '%s' in resumable-ws.allowed-origins allows pages of any host, and %s: any page could connect as the user who visits it."
						.formatted(any, because),
					"Name the hosts in resumable-ws.allowed-origins, such as https://*.example.com" + otherwise);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(JwtDecoder.class)
	static class JwtConfiguration {

		@Bean
		@ConditionalOnMissingBean(HandshakeAuthenticator.class)
		HandshakeAuthenticator resumableWsHandshakeAuthenticator(ResumableWsProperties properties,
				ObjectProvider<JwtDecoder> applicationDecoder,
				ObjectProvider<Converter<Jwt, ? extends AbstractAuthenticationToken>> converter, BeanFactory beans) {
			ResumableWsProperties.Auth auth = properties.auth();
			ResumableWsProperties.Jwt jwt = auth.jwt();
			JwtDecoder decoder = SettingsJwtDecoder.of(new JwtSettings(jwt.secret(), jwt.publicKeyLocation(),
					jwt.jwkSetUri(), jwt.issuerUri(), jwt.clockSkew()));
			if (decoder == null) {
				decoder = applicationDecoder.getIfAvailable();
			}
			if (decoder == null) {
				return authenticatorBySession(properties, beans);
			}
			if (auth.tokenSources().contains(ResumableWsProperties.TokenSource.COOKIE)) {
				refuseAnyPage(properties.allowedOrigins(), "cookies are a token source",
						", or set resumable-ws.auth.token-sources without 'cookie', such as to header,subprotocol.");
			}
			warnOfAnyAudience(jwt);
			return new JwtAuthenticator(
					tokenSources(auth), decoder, new TokenRules(jwt.userClaim(), issuer(jwt), jwt.audiences(),
							jwt.requireExpiration(), jwt.maxAge(), jwt.clockSkew()),
					new TokenAuthorities(converter.getIfUnique()));
		}

		private static HandshakeAuthenticator authenticatorBySession(ResumableWsProperties properties,
				BeanFactory beans) {
			if (!beans.containsBean(SECURITY_FILTER)) {
				throw new JwtSetupException("No verification of WebSocket tokens is configured.",
						Character.toUpperCase(ALTERNATIVES.charAt(0)) + ALTERNATIVES.substring(1));
			}
			return SessionLoginConfiguration.authenticator(properties, beans);
		}

		private static void warnOfAnyAudience(ResumableWsProperties.Jwt jwt) {
			if (jwt.audiences().isEmpty()
					&& (StringUtils.hasText(jwt.jwkSetUri()) || StringUtils.hasText(jwt.issuerUri()))) {
				logger.warn("Tokens for any audience are accepted, including those issued for other "
						+ "applications: set resumable-ws.auth.jwt.audiences to the 'aud' claim of this application's tokens");
			}
		}

		private static @Nullable String issuer(ResumableWsProperties.Jwt jwt) {
			String issuer = StringUtils.hasText(jwt.issuer()) ? jwt.issuer() : null;
			String issuerUri = StringUtils.hasText(jwt.issuerUri()) ? jwt.issuerUri() : null;
			if (issuer != null && issuerUri != null && !issuer.equals(issuerUri)) {
				throw new JwtSetupException(
						"Only one issuer can be required, but resumable-ws.auth.jwt.issuer is '%s' and resumable-ws.auth.jwt.issuer-uri is '%s'."
							.formatted(issuer, issuerUri),
						"Remove resumable-ws.auth.jwt.issuer, or set resumable-ws.auth.jwt.jwk-set-uri in place of resumable-ws.auth.jwt.issuer-uri.");
			}
			return (issuer != null) ? issuer : issuerUri;
		}

	}

	/**
	 * Logins by HTTP session, used if no token verification is configured.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(RequestAuthorizationContext.class)
	@ConditionalOnMissingClass("org.springframework.security.oauth2.jwt.JwtDecoder")
	@ConditionalOnBean(name = SECURITY_FILTER)
	static class SessionLoginConfiguration {

		@Bean
		@ConditionalOnMissingBean(HandshakeAuthenticator.class)
		HandshakeAuthenticator resumableWsHandshakeAuthenticator(ResumableWsProperties properties, BeanFactory beans) {
			return authenticator(properties, beans);
		}

		static HandshakeAuthenticator authenticator(ResumableWsProperties properties, BeanFactory beans) {
			refuseAnyPage(properties.allowedOrigins(), "clients are authenticated by their HTTP session, a cookie",
					".");
			logger.info("Clients are authenticated by their HTTP session, because no key for tokens is configured");
			return new PrincipalAuthenticator(factory(beans).authenticated());
		}

		/**
		 * Returns the factory of the application's own authorization rules.
		 */
		private static AuthorizationManagerFactory<RequestAuthorizationContext> factory(BeanFactory beans) {
			for (Class<?> type : List.of(RequestAuthorizationContext.class, Object.class)) {
				AuthorizationManagerFactory<RequestAuthorizationContext> factory = beans
					.<AuthorizationManagerFactory<RequestAuthorizationContext>>getBeanProvider(
							ResolvableType.forClassWithGenerics(AuthorizationManagerFactory.class, type))
					.getIfUnique();
				if (factory != null) {
					return factory;
				}
			}
			return new DefaultAuthorizationManagerFactory<>();
		}

	}

}
