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
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.security.config.annotation.web.configuration.WebSecurityCustomizer;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.util.StringUtils;
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

	private static final Log logger = LogFactory.getLog(HandshakeAutoConfiguration.class);

	private static final String ALTERNATIVES = "set one of resumable-ws.auth.jwt.secret, "
			+ "resumable-ws.auth.jwt.public-key-location, resumable-ws.auth.jwt.jwk-set-uri "
			+ "and resumable-ws.auth.jwt.issuer-uri, or define a bean of type JwtDecoder or HandshakeAuthenticator.";

	@Bean
	@ConditionalOnMissingBean(name = "resumableWsHandshakeInterceptor")
	HandshakeInterceptor resumableWsHandshakeInterceptor(HandshakeGate gate) {
		return new ResumableWsHandshakeInterceptor(gate);
	}

	/**
	 * Lazy, as an application that brings its own interceptor, and takes nothing over
	 * HTTP, needs no authenticator.
	 */
	@Bean
	@Lazy
	HandshakeGate resumableWsHandshakeGate(ResumableWsProperties properties,
			ObjectProvider<HandshakeAuthenticator> authenticator, ObjectProvider<ConnectionLimiter> admission,
			ListenerDispatcher listeners) {
		HandshakeAuthenticator found = authenticator.getIfAvailable(() -> {
			throw new JwtSetupException("Nothing says how the WebSocket clients of resumable-ws are authenticated.",
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
	 * A token in the handshake decides. Without one, the first message does, if it is a
	 * source.
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

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(JwtDecoder.class)
	static class JwtConfiguration {

		@Bean
		@ConditionalOnMissingBean(HandshakeAuthenticator.class)
		JwtAuthenticator resumableWsHandshakeAuthenticator(ResumableWsProperties properties,
				ObjectProvider<JwtDecoder> applicationDecoder) {
			ResumableWsProperties.Auth auth = properties.auth();
			ResumableWsProperties.Jwt jwt = auth.jwt();
			refuseCookiesOfAnyPage(auth.tokenSources(), properties.allowedOrigins());
			JwtDecoder decoder = SettingsJwtDecoder.of(new JwtSettings(jwt.secret(), jwt.publicKeyLocation(),
					jwt.jwkSetUri(), jwt.issuerUri(), jwt.clockSkew()));
			if (decoder == null) {
				decoder = applicationDecoder.getIfAvailable(() -> {
					throw new JwtSetupException("Nothing says how the tokens of WebSocket clients are verified.",
							Character.toUpperCase(ALTERNATIVES.charAt(0)) + ALTERNATIVES.substring(1));
				});
			}
			warnOfAnyAudience(jwt);
			return new JwtAuthenticator(tokenSources(auth), decoder, new TokenRules(jwt.userClaim(), issuer(jwt),
					jwt.audiences(), jwt.requireExpiration(), jwt.maxAge(), jwt.clockSkew()));
		}

		/**
		 * Browsers send cookies along, whichever page opens a WebSocket.
		 */
		private static void refuseCookiesOfAnyPage(List<ResumableWsProperties.TokenSource> sources,
				List<String> origins) {
			String any = origins.stream().filter(OriginPolicy::isAnyHost).findFirst().orElse(null);
			if (any != null && sources.contains(ResumableWsProperties.TokenSource.COOKIE)) {
				throw new JwtSetupException(
						"The origin '%s' in resumable-ws.allowed-origins allows pages of any host, and a cookie is a source of tokens: any page could connect as the user who visits it."
							.formatted(any),
						"Name the hosts in resumable-ws.allowed-origins, such as https://*.example.com, or set resumable-ws.auth.token-sources without 'cookie', such as to header,subprotocol.");
			}
		}

		private static void warnOfAnyAudience(ResumableWsProperties.Jwt jwt) {
			if (jwt.audiences().isEmpty()
					&& (StringUtils.hasText(jwt.jwkSetUri()) || StringUtils.hasText(jwt.issuerUri()))) {
				logger.warn("Tokens for any audience are accepted, also those that the issuer has made for other "
						+ "applications: set resumable-ws.auth.jwt.audiences to what the token's 'aud' holds");
			}
		}

		private static @Nullable String issuer(ResumableWsProperties.Jwt jwt) {
			String issuer = StringUtils.hasText(jwt.issuer()) ? jwt.issuer() : null;
			String issuerUri = StringUtils.hasText(jwt.issuerUri()) ? jwt.issuerUri() : null;
			if (issuer != null && issuerUri != null && !issuer.equals(issuerUri)) {
				throw new JwtSetupException(
						"A token can have one issuer only, but resumable-ws.auth.jwt.issuer is '%s' and resumable-ws.auth.jwt.issuer-uri is '%s'."
							.formatted(issuer, issuerUri),
						"Remove resumable-ws.auth.jwt.issuer, or set resumable-ws.auth.jwt.jwk-set-uri in place of resumable-ws.auth.jwt.issuer-uri.");
			}
			return (issuer != null) ? issuer : issuerUri;
		}

	}

	/**
	 * Lets handshakes through Spring Security to where they are verified. Not by a
	 * SecurityFilterChain of its own: for that Boot's would step back, and every other
	 * path of the application would be open. Where there is no endpoint, because there is
	 * no data source for example, the path is the application's, and stays guarded.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ WebSecurityCustomizer.class, PathPatternRequestMatcher.class })
	@ConditionalOnBooleanProperty(name = "resumable-ws.auth.permit-with-spring-security", matchIfMissing = true)
	static class SpringSecurityConfiguration {

		/**
		 * Name of the bean that maps the path to the endpoint. Not a condition: its
		 * auto-configuration comes later.
		 */
		private static final String ENDPOINT = "resumableWsHandlerMapping";

		@Bean
		@ConditionalOnMissingBean(name = "resumableWsWebSecurityCustomizer")
		WebSecurityCustomizer resumableWsWebSecurityCustomizer(ResumableWsProperties properties,
				ObjectProvider<PathPatternRequestMatcher.Builder> matchers, BeanFactory beans) {
			return (web) -> {
				if (beans.containsBean(ENDPOINT)) {
					PathPatternRequestMatcher.Builder matcher = matchers
						.getIfAvailable(PathPatternRequestMatcher::withDefaults);
					web.ignoring().requestMatchers(matcher.matcher(properties.path()));
					if (properties.http().enabled()) {
						web.ignoring()
							.requestMatchers(matcher.matcher(Endpoint.EVENTS.path(properties.path())),
									matcher.matcher(Endpoint.MESSAGES.path(properties.path())));
					}
				}
			};
		}

	}

}
