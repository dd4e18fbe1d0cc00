package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.Set;
import java.util.List;
import java.util.Map;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.testing.StartFailure;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableWebApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.core.convert.converter.Converter;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests of {@link HandshakeAutoConfiguration}.
 */
@ExtendWith(OutputCaptureExtension.class)
class HandshakeAutoConfigurationTests {

	private static final String JWT = "resumable-ws.auth.jwt.";

	private static final Instant EXPIRY = Instant.now().plusSeconds(600).truncatedTo(ChronoUnit.SECONDS);

	private static final String SECRET = JWT + "secret=" + TestTokens.SECRET;

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class, HandshakeAutoConfiguration.class));

	@Test
	void aSecretIsSufficient() {
		this.runner.withPropertyValues(SECRET)
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(HandshakeAuthenticator.class)
				.hasBean("resumableWsHandshakeInterceptor"));
	}

	@Test
	void noGeneralBeansArePublished() {
		this.runner.withPropertyValues(SECRET)
			.run((context) -> assertThat(context).doesNotHaveBean(JwtDecoder.class)
				.doesNotHaveBean(SecurityFilterChain.class));
	}

	@Test
	void theHandshakeCanBeDisabled() {
		this.runner.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(HandshakeInterceptor.class)
				.doesNotHaveBean(HandshakeAuthenticator.class));
	}

	@Test
	void anApplicationWithoutAWebServerHasNoHandshakes() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class, HandshakeAutoConfiguration.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(HandshakeAuthenticator.class));
	}

	@Test
	void anApplicationWithoutSpringWebSocketHasNoHandshakes() {
		this.runner.withClassLoader(new FilteredClassLoader(HandshakeInterceptor.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(HandshakeAuthenticator.class));
	}

	@Test
	void springSecuritysFiltersAreOptional() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.security.config"))
			.withPropertyValues(SECRET)
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(HandshakeAuthenticator.class));
	}

	@Test
	void anApplicationsAuthenticatorTakesPrecedence() {
		this.runner.withUserConfiguration(OwnAuthenticator.class)
			.run((context) -> assertThat(context).hasNotFailed()
				.getBean(HandshakeAuthenticator.class)
				.isSameAs(context.getBean(OwnAuthenticator.class).own));
	}

	@Test
	void anApplicationsAuthenticatorNeedsNoJwtLibrary() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.security.oauth2", "com.nimbusds"))
			.withUserConfiguration(OwnAuthenticator.class)
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(HandshakeAuthenticator.class));
	}

	@Test
	void anApplicationsInterceptorTakesPrecedence() {
		this.runner.withBean("resumableWsHandshakeInterceptor", HandshakeInterceptor.class, OwnInterceptor::new)
			.withPropertyValues(SECRET)
			.run((context) -> assertThat(context).getBean(HandshakeInterceptor.class)
				.isInstanceOf(OwnInterceptor.class));
	}

	@Test
	void anApplicationsDecoderIsUsed() {
		this.runner.withUserConfiguration(OwnDecoder.class)
			.run((context) -> assertThat(authenticate(context, "anything"))
				.isEqualTo(new AuthenticatedUser("decoded", EXPIRY)));
	}

	@Test
	void validationAppliesToAnApplicationsDecoder() {
		this.runner.withUserConfiguration(OwnDecoder.class)
			.run((context) -> assertRefused(context, "endless", "Token does not expire"));
		this.runner.withUserConfiguration(OwnDecoder.class)
			.withPropertyValues(JWT + "require-expiration=false")
			.run((context) -> assertThat(authenticate(context, "endless"))
				.isEqualTo(new AuthenticatedUser("decoded", null)));
		this.runner.withUserConfiguration(OwnDecoder.class)
			.withPropertyValues(JWT + "issuer=https://other.example.com")
			.run((context) -> assertRefused(context, "anything", "Token is from another issuer"));
		this.runner.withUserConfiguration(OwnDecoder.class)
			.withPropertyValues(JWT + "max-age=1h")
			.run((context) -> assertRefused(context, "anything", "Token has no time of issue"));
	}

	@Test
	void audiencesApplyToAnApplicationsDecoder() {
		this.runner.withUserConfiguration(OwnDecoder.class)
			.withPropertyValues(JWT + "audiences=chat")
			.run((context) -> assertRefused(context, "anything", "Token is for another audience"));
	}

	@Test
	void propertiesTakePrecedenceOverAnApplicationsDecoder() {
		this.runner.withUserConfiguration(OwnDecoder.class).withPropertyValues(SECRET).run((context) -> {
			assertRefused(context, "anything", "Token invalid");
			assertThat(authenticate(context, TestTokens.of("ada")).userId()).isEqualTo("ada");
		});
	}

	@Test
	void theMessageOfADecoderAboutAnInvalidTokenIsNotSentToTheClient() {
		this.runner.withUserConfiguration(OwnDecoder.class)
			.run((context) -> assertRefused(context, "bad", "Token invalid"));
	}

	@Test
	void aFailingDecoderDoesNotRejectTheToken() {
		this.runner.withUserConfiguration(OwnDecoder.class)
			.run((context) -> assertThatExceptionOfType(JwtException.class)
				.isThrownBy(() -> authenticate(context, "later")));
	}

	@Test
	void aFailingAuthenticatorAsksTheClientToRetry(CapturedOutput output) {
		this.runner.withUserConfiguration(OwnAuthenticator.class).run((context) -> {
			MockHttpServletRequest request = new MockHttpServletRequest("GET", "/ws");
			request.addHeader("Connection", "Upgrade");
			request.addHeader("Upgrade", "WebSocket");
			request.addHeader("Fail", "yes");
			MockHttpServletResponse response = new MockHttpServletResponse();
			ServletServerHttpResponse serverResponse = new ServletServerHttpResponse(response);
			assertThat(context.getBean(HandshakeInterceptor.class)
				.beforeHandshake(new ServletServerHttpRequest(request), serverResponse, new TextWebSocketHandler(),
						Map.of()))
				.isFalse();
			serverResponse.close();
			assertThat(response.getStatus()).isEqualTo(503);
			assertThat(response.getHeader("Retry-After")).containsOnlyDigits();
			assertThat(response.getContentAsString()).isEqualTo("Authentication is not available");
			assertThat(output)
				.contains("A client cannot be authenticated at the moment: java.lang.IllegalStateException, "
						+ "caused by java.io.IOException")
				.doesNotContain("key-of-the-client");
		});
	}

	@Test
	void theUserExpiresWithTheToken() {
		Instant expiry = Instant.now().plusSeconds(100).truncatedTo(ChronoUnit.SECONDS);
		this.runner.withPropertyValues(SECRET).run((context) -> {
			assertThat(authenticate(context,
					TestTokens.signed(TestTokens.claims("ada").expirationTime(Date.from(expiry)), TestTokens.SECRET)))
				.isEqualTo(new AuthenticatedUser("ada", expiry));
		});
	}

	@Test
	void aTokenMustExpireUnlessConfiguredOtherwise() {
		String token = TestTokens.signed(TestTokens.claims("ada").expirationTime(null), TestTokens.SECRET);
		this.runner.withPropertyValues(SECRET).run((context) -> assertRefused(context, token, "Token does not expire"));
		this.runner.withPropertyValues(SECRET, JWT + "require-expiration=false")
			.run((context) -> assertThat(authenticate(context, token)).isEqualTo(new AuthenticatedUser("ada", null)));
	}

	@ParameterizedTest
	@ValueSource(strings = { "chat", "https://id.example.com/tenant" })
	void anIssuerIsRequiredForEveryKindOfKey(String issuer) {
		this.runner.withPropertyValues(SECRET, JWT + "issuer=" + issuer).run((context) -> {
			assertThat(
					authenticate(context, TestTokens.signed(TestTokens.claims("ada").issuer(issuer), TestTokens.SECRET))
						.userId())
				.isEqualTo("ada");
			for (String other : new String[] { "mail", issuer + "/", null }) {
				assertRefused(context, TestTokens.signed(TestTokens.claims("ada").issuer(other), TestTokens.SECRET),
						"Token is from another issuer");
			}
		});
	}

	@Test
	void aTokenOlderThanTheMaximumAgeIsRejected() {
		this.runner.withPropertyValues(SECRET, JWT + "max-age=1h", JWT + "clock-skew=10s").run((context) -> {
			Instant issuedAt = Instant.now().minusSeconds(1800).truncatedTo(ChronoUnit.SECONDS);
			assertThat(authenticate(context, issuedAt(issuedAt)))
				.isEqualTo(new AuthenticatedUser("ada", issuedAt.plusSeconds(3600)));
			assertRefused(context, issuedAt(Instant.now().minusSeconds(3700)), "Token is too old");
			assertRefused(context, issuedAt(Instant.now().plusSeconds(100)), "Token was issued in the future");
			assertRefused(context, issuedAt(null), "Token has no time of issue");
			assertThat(authenticate(context,
					TestTokens.signed(
							TestTokens.claims("ada").issueTime(Date.from(issuedAt)).expirationTime(Date.from(EXPIRY)),
							TestTokens.SECRET)))
				.isEqualTo(new AuthenticatedUser("ada", EXPIRY));
		});
	}

	@Test
	void twoIssuersFailTheStart() {
		this.runner
			.withPropertyValues(JWT + "issuer-uri=https://id.example.com", JWT + "issuer=https://id.example.com/")
			.run((context) -> assertFailure(context, JWT + "issuer is 'https://id.example.com/'", JWT + "issuer-uri"));
		this.runner.withPropertyValues(JWT + "issuer-uri=https://id.example.com", JWT + "issuer=https://id.example.com")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@CsvSource({ "jwk-set-uri, '', true", "issuer-uri, '', true", "jwk-set-uri, chat, false" })
	void acceptingAnyAudienceLogsAWarning(String key, String audiences, boolean warned, CapturedOutput output) {
		this.runner.withPropertyValues(JWT + key + "=http://localhost:1/", JWT + "audiences=" + audiences)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(output.toString().contains("Tokens for any audience are accepted")).isEqualTo(warned);
			});
	}

	@Test
	void theQueryIsNotASourceByDefault() {
		ServletServerHttpRequest request = query(TestTokens.of("ada"));
		this.runner.withPropertyValues(SECRET)
			.run((context) -> assertThatExceptionOfType(HandshakeAuthenticationException.class)
				.isThrownBy(() -> context.getBean(HandshakeAuthenticator.class).authenticate(request))
				.withMessage("Token missing"));
		this.runner.withPropertyValues(SECRET, "resumable-ws.auth.token-sources=query")
			.run((context) -> assertThat(context.getBean(HandshakeAuthenticator.class).authenticate(request).userId())
				.isEqualTo("ada"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "*", "https://*", "http://*", "https://*:8443", "https://*:[*]", "*://*", "http*://*",
			"https://app.example.com,*" })
	void cookiesWithAnyOriginFailTheStart(String origins) {
		String property = "resumable-ws.allowed-origins=" + origins;
		this.runner.withPropertyValues(SECRET, property)
			.run((context) -> assertFailure(context, "resumable-ws.allowed-origins", "https://*.example.com",
					"resumable-ws.auth.token-sources without 'cookie'"));
		this.runner.withPropertyValues(SECRET, property, "resumable-ws.auth.token-sources=header,subprotocol")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@ValueSource(strings = { "self", "https://*.example.com", "http://localhost:[*]", "http://[::1]:[*]",
			"*://app.example.com" })
	void cookiesWithOriginsOfOneHostAreAllowed(String origins) {
		this.runner.withPropertyValues(SECRET, "resumable-ws.allowed-origins=" + origins)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	private static String issuedAt(@Nullable Instant time) {
		return TestTokens.signed(TestTokens.claims("ada")
			.issueTime((time != null) ? Date.from(time) : null)
			.expirationTime(TestTokens.in(Duration.ofDays(10))), TestTokens.SECRET);
	}

	private static ServletServerHttpRequest query(String token) {
		MockHttpServletRequest request = new MockHttpServletRequest("GET", "/ws");
		request.setQueryString("token=" + token);
		return new ServletServerHttpRequest(request);
	}

	@Test
	void customClockSkew() {
		String token = TestTokens.signed(
				TestTokens.claims("ada").expirationTime(TestTokens.in(Duration.ofSeconds(-100))), TestTokens.SECRET);
		this.runner.withPropertyValues(SECRET)
			.run((context) -> assertThatExceptionOfType(HandshakeAuthenticationException.class)
				.isThrownBy(() -> authenticate(context, token)));
		this.runner.withPropertyValues(SECRET, JWT + "clock-skew=10m")
			.run((context) -> assertThat(authenticate(context, token).userId()).isEqualTo("ada"));
	}

	@Test
	void customUserClaim() {
		this.runner.withPropertyValues(SECRET, JWT + "user-claim=uid").run((context) -> {
			assertThat(authenticate(context,
					TestTokens.signed(TestTokens.claims("ada").claim("uid", "u-1"), TestTokens.SECRET))
				.userId()).isEqualTo("u-1");
			assertRefused(context, TestTokens.of("ada"), "Token has no user id");
			assertRefused(context, TestTokens.signed(TestTokens.claims("ada").claim("uid", 1), TestTokens.SECRET),
					"Token has no user id");
		});
	}

	@Test
	void aMissingKeyFailsTheStart() {
		this.runner.run((context) -> assertFailure(context, "No verification of WebSocket tokens is configured",
				JWT + "secret", JWT + "public-key-location", JWT + "jwk-set-uri", JWT + "issuer-uri", "JwtDecoder",
				"HandshakeAuthenticator"));
		this.runner.withPropertyValues(JWT + "secret=")
			.run((context) -> assertFailure(context, "No verification of WebSocket tokens is configured"));
	}

	@Test
	void aMissingJwtLibraryAndAuthenticatorFailTheStart() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.security.oauth2", "com.nimbusds"))
			.run((context) -> assertFailure(context,
					"No authentication is configured for the resumable-ws WebSocket endpoint",
					"spring-security-oauth2-jose"));
	}

	@Test
	void aShortSecretFailsTheStart() {
		this.runner.withPropertyValues(JWT + "secret=0123456789012345678901234567890")
			.run((context) -> assertFailure(context, "has 31 bytes, but HS256 needs 32", JWT + "secret"));
		this.runner.withPropertyValues(JWT + "secret=01234567890123456789012345678901")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void twoKeysFailTheStart() {
		this.runner.withPropertyValues(SECRET, JWT + "issuer-uri=https://id.example.com")
			.run((context) -> assertFailure(context, JWT + "secret and " + JWT + "issuer-uri"));
		this.runner
			.withPropertyValues(JWT + "jwk-set-uri=https://id.example.com/keys", JWT + "public-key-location=key.pem")
			.run((context) -> assertFailure(context, JWT + "public-key-location and " + JWT + "jwk-set-uri"));
	}

	@Test
	void aMissingPublicKeyFailsTheStart() {
		this.runner.withPropertyValues(JWT + "public-key-location=classpath:no.pem")
			.run((context) -> assertFailure(context, "no.pem", JWT + "public-key-location"));
	}

	@Test
	void anInvalidPublicKeyFailsTheStart() {
		this.runner.withPropertyValues(JWT + "public-key-location=classpath:META-INF/spring.factories")
			.run((context) -> assertFailure(context, "META-INF/spring.factories", "-----BEGIN PUBLIC KEY-----"));
	}

	@ParameterizedTest
	@CsvSource({ "jwk-set-uri,keys", "issuer-uri,id.example.com", "jwk-set-uri,file:///etc/passwd",
			"issuer-uri,https://a b" })
	void anInvalidUriFailsTheStart(String name, String value) {
		this.runner.withPropertyValues(JWT + name + "=" + value)
			.run((context) -> assertFailure(context, value, JWT + name));
	}

	@ParameterizedTest
	@ValueSource(strings = { "jwk-set-uri=http://localhost:1/keys", "issuer-uri=http://localhost:1" })
	void keysAreNotFetchedAtStart(String property) {
		this.runner.withPropertyValues(JWT + property).run((context) -> assertThat(context).hasNotFailed());
	}

	/**
	 * Returns the authenticated user without the claims, which most tests ignore.
	 */
	private static AuthenticatedUser authenticate(AssertableWebApplicationContext context, String token)
			throws HandshakeAuthenticationException {
		return user(context, token).withClaims(Map.of());
	}

	private static AuthenticatedUser user(AssertableWebApplicationContext context, String token)
			throws HandshakeAuthenticationException {
		return context.getBean(HandshakeAuthenticator.class).authenticate(token);
	}

	@Test
	void theUserHasTheClaimsOfTheToken() {
		String token = TestTokens.signed(TestTokens.claims("ada").claim("tenant", "acme"), TestTokens.SECRET);
		this.runner.withPropertyValues(SECRET)
			.run((context) -> assertThat(user(context, token).claims()).containsEntry("tenant", "acme")
				.containsEntry("sub", "ada"));
	}

	@Test
	void theScopesOfATokenBecomeAuthorities() {
		this.runner.withPropertyValues(SECRET).run((context) -> {
			assertThat(authorities(context, "scope", "chat read")).containsExactly("SCOPE_chat", "SCOPE_read");
			assertThat(authorities(context, "scp", List.of("chat", "read"))).containsExactly("SCOPE_chat",
					"SCOPE_read");
			assertThat(authorities(context, "scope", "")).isEmpty();
			assertThat(authorities(context, "scope", 42)).isEmpty();
			assertThat(authorities(context, "other", "chat")).isEmpty();
		});
	}

	@Test
	void theApplicationsConverterDefinesTheAuthorities() {
		this.runner.withPropertyValues(SECRET).withUserConfiguration(OwnConverter.class).run((context) -> {
			AuthenticatedUser user = user(context,
					TestTokens.signed(TestTokens.claims("ada").claim("roles", List.of("ADMIN")), TestTokens.SECRET));
			assertThat(user.userId()).isEqualTo("ada");
			assertThat(user.authorities()).containsExactly("ROLE_ADMIN");
			assertThat(user.principal()).isInstanceOf(OwnAuthentication.class);
			assertThatExceptionOfType(HandshakeAuthenticationException.class)
				.isThrownBy(() -> user(context, TestTokens.of("ada")))
				.withMessage("Token not accepted");
		});
	}

	private static Set<String> authorities(AssertableWebApplicationContext context, String claim, Object value)
			throws HandshakeAuthenticationException {
		return user(context, TestTokens.signed(TestTokens.claims("ada").claim(claim, value), TestTokens.SECRET))
			.authorities();
	}

	private static void assertRefused(AssertableWebApplicationContext context, String token, String message) {
		assertThatExceptionOfType(HandshakeAuthenticationException.class).isThrownBy(() -> authenticate(context, token))
			.withMessage(message);
	}

	private static void assertFailure(AssertableWebApplicationContext context, String... parts) {
		assertThat(context).hasFailed();
		FailureAnalysis analysis = StartFailure.analyze(context.getStartupFailure());
		assertThat(analysis.getDescription() + analysis.getAction()).contains(parts)
			.doesNotContain("0123456789012345678901234567890");
		assertThat(analysis.getAction()).endsWith(".");
	}

	@Configuration(proxyBeanMethods = false)
	static class OwnAuthenticator {

		final HandshakeAuthenticator own = new HandshakeAuthenticator() {

			@Override
			public AuthenticatedUser authenticate(ServerHttpRequest request) {
				if (request.getHeaders().containsHeader("Fail")) {
					throw new IllegalStateException("out of order: key-of-the-client",
							new IOException("key-of-the-client"));
				}
				return new AuthenticatedUser("own", null);
			}

		};

		@Bean
		HandshakeAuthenticator ownAuthenticator() {
			return this.own;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnConverter {

		@Bean
		Converter<Jwt, OwnAuthentication> ownConverter() {
			return (token) -> {
				List<String> roles = token.getClaimAsStringList("roles");
				if (roles == null) {
					throw new BadCredentialsException("no roles");
				}
				return new OwnAuthentication(roles);
			};
		}

	}

	private static final class OwnAuthentication extends AbstractAuthenticationToken {

		private OwnAuthentication(List<String> roles) {
			super(roles.stream().map((role) -> new SimpleGrantedAuthority("ROLE_" + role)).toList());
		}

		@Override
		public Object getPrincipal() {
			return "someone";
		}

		@Override
		public Object getCredentials() {
			return "";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnDecoder {

		@Bean
		JwtDecoder ownDecoder() {
			return (token) -> switch (token) {
				case "bad" -> throw new BadJwtException("bad is a bad token");
				case "later" -> throw new JwtException("no idea");
				case "endless" -> Jwt.withTokenValue(token).header("alg", "none").subject("decoded").build();
				default -> Jwt.withTokenValue(token)
					.header("alg", "none")
					.subject("decoded")
					.issuer("https://id.example.com")
					.expiresAt(EXPIRY)
					.build();
			};
		}

	}

	private static final class OwnInterceptor implements HandshakeInterceptor {

		@Override
		public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
				Map<String, Object> attributes) {
			return true;
		}

		@Override
		public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
				Exception exception) {
		}

	}

}
