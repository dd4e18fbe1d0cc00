package dev.resumablews.internal.handshake;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import com.nimbusds.jose.JWSAlgorithm;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.internal.handshake.HandshakeServer.Answer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests {@link ResumableWsHandshakeInterceptor} and {@link JwtAuthenticator} in a server
 * that verifies tokens with a secret.
 */
class HandshakeTests {

	private static final String SESSION = "6f1c7c9e-3f0e-4d0e-9b0a-0c1d2e3f4a5b";

	private static HandshakeServer server;

	@BeforeAll
	static void start() {
		server = HandshakeServer.start(List.of(Rooms.class), "resumable-ws.auth.jwt.secret=" + TestTokens.SECRET,
				"resumable-ws.auth.jwt.audiences=chat,mobile", "resumable-ws.auth.cookie-name=crumb",
				"resumable-ws.allowed-origins=self,https://app.example.com,https://*.example.org",
				"server.forward-headers-strategy=framework");
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void aClientWithATokenIsAccepted() {
		assertThat(server.connect("token=" + token("ada"))).satisfies((answer) -> {
			assertThat(answer.status()).isEqualTo(101);
			assertThat(answer.body()).isEqualTo("ada null 0 false");
		});
	}

	@Test
	void aClientCanResume() {
		assertThat(server
			.connect("token=%s&sessionId=%s&lastEventId=%d&frames=ndjson".formatted(token("ada"), SESSION,
					Long.MAX_VALUE))
			.body()).isEqualTo("ada %s %d true".formatted(SESSION, Long.MAX_VALUE));
	}

	@Test
	void anEmptyParameterIsTreatedAsMissing() {
		assertThat(server.connect("token=" + token("ada") + "&sessionId=&lastEventId=&frames=").body())
			.isEqualTo("ada null 0 false");
	}

	@ParameterizedTest
	@ValueSource(strings = { "sessionId=1", "sessionId=1-1-1-1-1", "sessionId=null",
			"sessionId=6f1c7c9e3f0e4d0e9b0a0c1d2e3f4a5b", "sessionId=" + SESSION + "0", "sessionId=%zz",
			"sessionId=" + SESSION + "%0a", "lastEventId=-1", "lastEventId=1.5", "lastEventId=x", "lastEventId=%2B1",
			"lastEventId=9223372036854775808", "lastEventId=99999999999999999999", "lastEventId=%", "frames=xml",
			"frames=NDJSON" })
	void aMalformedParameterIsRejected(String parameter) {
		Answer answer = server.connect("token=" + token("ada") + "&" + parameter);
		assertRefused(answer, 400);
		assertThat(answer.body()).contains(parameter.substring(0, parameter.indexOf('=')));
	}

	@Test
	void aRequestWithoutAnUpgradeIsRejected() {
		String target = "/ws?token=" + token("ada");
		assertRefused(server.send("GET", target, List.of()), 400);
		assertRefused(server.send("POST", target, HandshakeServer.UPGRADE), 400);
		assertRefused(server.send("GET", target, List.of("Connection: Upgrade", "Upgrade: h2c")), 400);
		assertRefused(server.send("GET", target, List.of("Upgrade: websocket")), 400);
		assertThat(server.send("GET", target, List.of()).body()).isEqualTo("Not a WebSocket upgrade");
	}

	@Test
	void aClientWithoutATokenIsRejected() {
		assertUnauthorized(server.connect(""), "Token missing");
		assertUnauthorized(server.connect("token="), "Token missing");
		assertUnauthorized(server.connect("", "Authorization: Basic YTpi"), "Token missing");
		assertUnauthorized(server.connect("", "Authorization: Bearer "), "Token missing");
		assertUnauthorized(server.connect("", "Sec-WebSocket-Protocol: resumable-ws.v1, jwt-"), "Token missing");
		assertUnauthorized(server.connect("", "Cookie: crumb="), "Token missing");
		assertUnauthorized(server.connect("", "Cookie: other=" + token("ada")), "Token missing");
		assertUnauthorized(server.connect("token=%zz"), "Token missing");
	}

	@Test
	void aMalformedTokenIsRejected() {
		assertUnauthorized(server.connect("token=invalid"), "Token invalid");
		assertUnauthorized(server.connect("token=a.b.c"), "Token invalid");
		assertUnauthorized(server.connect("token=%20"), "Token invalid");
	}

	@Test
	void aForgedTokenIsRejected() {
		String token = TestTokens.signed(TestTokens.claims("ada").audience("chat"), TestTokens.OTHER_SECRET);
		assertUnauthorized(server.connect("token=" + token), "Token invalid");
		String good = token("ada");
		String swapped = good.substring(0, good.lastIndexOf('.')) + token.substring(token.lastIndexOf('.'));
		assertUnauthorized(server.connect("token=" + swapped), "Token invalid");
	}

	@Test
	void anUnsignedTokenIsRejected() {
		assertUnauthorized(server.connect("token=" + TestTokens.unsigned(TestTokens.claims("ada").audience("chat"))),
				"Token invalid");
	}

	@Test
	void aTokenWithAnotherAlgorithmIsRejected() {
		String longSecret = TestTokens.SECRET.repeat(2);
		try (HandshakeServer other = HandshakeServer.start("resumable-ws.auth.jwt.secret=" + longSecret)) {
			assertThat(other.connect("token=" + TestTokens.signed(TestTokens.claims("ada"), longSecret)).status())
				.isEqualTo(101);
			String token = TestTokens.signed(TestTokens.claims("ada"), longSecret, JWSAlgorithm.HS512);
			assertUnauthorized(other.connect("token=" + token), "Token invalid");
		}
	}

	@Test
	void anExpiredTokenIsRejected() {
		Answer answer = server.connect("token=" + TestTokens.signed(
				TestTokens.claims("ada").audience("chat").expirationTime(TestTokens.in(Duration.ofMinutes(-1))),
				TestTokens.SECRET));
		assertUnauthorized(answer, null);
		assertThat(answer.body()).contains("expired");
	}

	@Test
	void aTokenThatIsNotYetValidIsRejected() {
		assertUnauthorized(server.connect("token=" + TestTokens.signed(
				TestTokens.claims("ada").audience("chat").notBeforeTime(TestTokens.in(Duration.ofMinutes(1))),
				TestTokens.SECRET)), null);
	}

	@Test
	void theClockSkewIsTolerated() {
		assertThat(server.connect("token=" + TestTokens.signed(
				TestTokens.claims("ada").audience("chat").expirationTime(TestTokens.in(Duration.ofSeconds(-5))),
				TestTokens.SECRET))
			.status()).isEqualTo(101);
	}

	@Test
	void aTokenForAnotherAudienceIsRejected() {
		assertUnauthorized(server.connect("token=" + TestTokens.of("ada")), "Token is for another audience");
		assertUnauthorized(
				server.connect(
						"token=" + TestTokens.signed(TestTokens.claims("ada").audience("bank"), TestTokens.SECRET)),
				"Token is for another audience");
		assertThat(server
			.connect("token=" + TestTokens.signed(TestTokens.claims("ada").audience(List.of("bank", "mobile")),
					TestTokens.SECRET))
			.status()).isEqualTo(101);
	}

	@ParameterizedTest
	@ValueSource(strings = { " ", "a\u0000b", "LONG" })
	void aTokenWithoutAUsableUserIsRejected(String user) {
		String subject = user.equals("LONG") ? "x".repeat(256) : user;
		assertUnauthorized(server.connect("token=" + token(subject)), "Token has no user id");
	}

	@Test
	void aTokenWithoutAUserIsRejected() {
		assertUnauthorized(server.connect("token="
				+ TestTokens.signed(TestTokens.claims("ada").subject(null).audience("chat"), TestTokens.SECRET)),
				"Token has no user id");
	}

	@Test
	void aTokenWithAnUnpairedSurrogateInItsUserIsRejected() {
		// the Postgres driver would store the user "victim?"
		assertUnauthorized(
				server.connect("token="
						+ TestTokens.ofJson("{\"sub\":\"victim\\ud800\",\"aud\":\"chat\",\"exp\":4102444800}")),
				"Token has no user id");
	}

	@Test
	void aTokenThatDoesNotExpireIsRejected() {
		assertUnauthorized(
				server.connect("token=" + TestTokens
					.signed(TestTokens.claims("ada").audience("chat").expirationTime(null), TestTokens.SECRET)),
				"Token does not expire");
	}

	@Test
	void aTokenWithAnExcessiveLengthIsRejected() {
		HandshakeAuthenticator authenticator = server.context().getBean(HandshakeAuthenticator.class);
		assertThatExceptionOfType(HandshakeAuthenticationException.class)
			.isThrownBy(() -> authenticator.authenticate("x".repeat(100_000)));
	}

	@Test
	void aTokenIsAcceptedFromEverySource() {
		String token = token("ada");
		assertThat(server.connect("", "Authorization: Bearer " + token).body()).startsWith("ada ");
		assertThat(server.connect("", "Authorization: bearer " + token).body()).startsWith("ada ");
		assertThat(server.connect("", "Cookie: a=b; crumb=" + token + "; c=d").body()).startsWith("ada ");
		assertThat(server.connect("", "Cookie: crumb=\"" + token + "\"").body()).startsWith("ada ");
		assertThat(server.connect("token=" + token).body()).startsWith("ada ");
		assertThat(server.connect("a=b&jwt=" + token).body()).startsWith("ada ");
		assertThat(server.connect("", "Sec-WebSocket-Protocol: jwt-" + token + ", resumable-ws.v1").body())
			.startsWith("ada ");
	}

	@Test
	void theFirstSourceWithATokenTakesPrecedence() {
		String subprotocol = "Sec-WebSocket-Protocol: resumable-ws.v1, jwt-" + token("subprotocol");
		String cookie = "Cookie: crumb=" + token("cookie");
		String query = "token=" + token("query");
		assertThat(server.connect(query, cookie, subprotocol, "Authorization: Bearer " + token("header")).body())
			.startsWith("header ");
		assertThat(server.connect(query, cookie, subprotocol, "Authorization: Basic YTpi").body())
			.startsWith("subprotocol ");
		assertThat(server.connect(query, cookie).body()).startsWith("cookie ");
		assertThat(server.connect(query + "&jwt=invalid").body()).startsWith("query ");
		assertUnauthorized(server.connect(query, "Authorization: Bearer invalid"), "Token invalid");
	}

	@Test
	void theTokenIsNeverSelectedAsTheSubprotocol() {
		String token = "jwt-" + token("ada");
		assertThat(server.connect("", "Sec-WebSocket-Protocol: " + token + ", resumable-ws.v1")
			.header("Sec-WebSocket-Protocol")).isEqualTo("resumable-ws.v1");
		assertThat(server.connect("", "Sec-WebSocket-Protocol: " + token, "Sec-WebSocket-Protocol: resumable-ws.v1")
			.header("Sec-WebSocket-Protocol")).isEqualTo("resumable-ws.v1");
		assertThat(server.connect("", "Sec-WebSocket-Protocol: " + token).header("Sec-WebSocket-Protocol")).isNull();
	}

	@Test
	void aPageOfTheSameOriginCanConnect() {
		assertThat(connectFrom("http://localhost:" + server.port()).status()).isEqualTo(101);
	}

	@Test
	void theSameOriginIsTheOneThatTheProxyForwards() {
		assertThat(server
			.connect("token=" + token("ada"), "Origin: https://chat.example.net", "X-Forwarded-Proto: https",
					"X-Forwarded-Host: chat.example.net")
			.status()).isEqualTo(101);
		assertRefused(server.connect("token=" + token("ada"), "Origin: http://chat.example.net",
				"X-Forwarded-Proto: https", "X-Forwarded-Host: chat.example.net"), 403);
	}

	@ParameterizedTest
	@ValueSource(strings = { "https://app.example.com", "https://a.example.org", "https://a.b.example.org" })
	void aPageOfAnAllowedOriginCanConnect(String origin) {
		assertThat(connectFrom(origin).status()).isEqualTo(101);
	}

	@ParameterizedTest
	@ValueSource(strings = { "https://evil.example", "http://localhost", "http://localhost:1", "null",
			"http://app.example.com", "https://app.example.com.evil.example", "https://app.example.com:8443",
			"https://example.org", "https://aexample.org", "invalid", "http://[", "http://a:b:c" })
	void aForeignPageIsRejected(String origin) {
		Answer answer = connectFrom(origin);
		assertRefused(answer, 403);
		assertThat(answer.body()).isEqualTo("Origin not allowed");
	}

	/**
	 * Requests are repeated until the warning appears, because warnings are a second
	 * apart.
	 */
	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void theLogNamesTheComparedOrigins(CapturedOutput output) {
		await().untilAsserted(() -> {
			connectFrom("https://evil.example");
			assertThat(output)
				.containsPattern("WARN .*A page may not connect: its origin https://evil.example does not match "
						+ ".*own origin \\(http://localhost:" + server.port() + "\\).*resumable-ws.allowed-origins");
		});
	}

	@Test
	void aForeignPageCannotFindOutWhetherATokenIsValid() {
		assertRefused(server.connect("token=invalid", "Origin: https://evil.example"), 403);
	}

	@Test
	void aUserWithTooManyConnectionsIsRejected() {
		Answer answer = server.connect("token=" + token("many"));
		assertRefused(answer, 429);
		assertThat(answer.header("Retry-After")).containsOnlyDigits();
		assertThat(answer.body()).isEqualTo("Too many connections of this user");
	}

	@Test
	void aFullNodeRejectsHandshakes() {
		Answer answer = server.connect("token=" + token("full"));
		assertRefused(answer, 503);
		assertThat(Integer.parseInt(String.valueOf(answer.header("Retry-After")))).isBetween(1, 5);
		assertThat(answer.body()).isEqualTo("Too many connections");
	}

	@Test
	void aNodeThatDrainsRejectsHandshakes() {
		Answer answer = server.connect("token=" + token("late"));
		assertRefused(answer, 503);
		assertThat(answer.header("Retry-After")).containsOnlyDigits();
		assertThat(answer.body()).isEqualTo("Shutting down");
	}

	@Test
	void listenersAreNotifiedOfRejections() {
		Queue<Integer> recorded = server.context().getBean(Rooms.class).refusals;
		server.connect("token=" + token("ada"));
		server.connect("");
		server.connect("token=" + token("full"));
		server.connect("token=" + token("many"));
		server.connect("lastEventId=x");
		connectFrom("null");
		await().untilAsserted(() -> assertThat(recorded).endsWith(401, 503, 429, 400, 403));
	}

	@Test
	void securityEventsContainUserAddressAndReason() {
		Queue<SecurityEvent> recorded = server.context().getBean(Rooms.class).events;
		// events arrive in order, those of other tests before this one
		server.connect("token=" + token("full"), "X-Forwarded-For: 203.0.113.77");
		await().until(() -> recorded.contains(refused("full", "203.0.113.77", "max_total")));
		recorded.clear();
		server.connect("token=" + token("ada"));
		connectFrom("https://evil.example");
		server.connect("token=" + TestTokens.unsigned(TestTokens.claims("ada").audience("chat")));
		server.connect("lastEventId=x");
		server.connect("token=" + token("many"), "X-Forwarded-For: 203.0.113.9");
		server.connect("token=" + token("often"));
		server.connect("token=" + token("full"), "X-Forwarded-For: nonsense of the client's");
		server.connect("token=" + token("late"), "Forwarded: for=\"[2001:db8::1]\"");
		await().untilAsserted(() -> assertThat(recorded).hasSize(7));
		String here = recorded.element().remoteAddress();
		assertThat(here).isIn("127.0.0.1", "0:0:0:0:0:0:0:1");
		assertThat(recorded).containsExactly(refused(null, here, "origin"), refused(null, here, "token"),
				refused(null, here, "malformed"), refused("many", "203.0.113.9", "max_per_user"),
				refused("often", here, "handshakes_rate"), refused("full", null, "max_total"),
				refused("late", "2001:db8::1", "shutting_down"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "Sec-WebSocket-Version: 12", "Sec-WebSocket-Version: x" })
	void aFailedUpgradeReleasesItsPlace(String header) {
		Queue<String> cancelled = server.context().getBean(Rooms.class).cancelled;
		cancelled.clear();
		Answer answer = server.send("GET", "/ws?token=" + token("ada"), List.of("Connection: Upgrade",
				"Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", header));
		assertThat(answer.status()).isBetween(400, 499);
		await().untilAsserted(() -> assertThat(cancelled).containsExactly("ada"));
		assertThat(server.connect("token=" + token("bob")).status()).isEqualTo(101);
		assertThat(cancelled).containsExactly("ada");
	}

	private static SecurityEvent refused(@Nullable String user, @Nullable String address, String reason) {
		return new SecurityEvent(SecurityEvent.Kind.HANDSHAKE_REFUSED, user, address, reason);
	}

	private static Answer connectFrom(String origin) {
		return server.connect("token=" + token("ada"), "Origin: " + origin);
	}

	private static String token(String user) {
		return TestTokens.signed(TestTokens.claims(user).audience("chat"), TestTokens.SECRET);
	}

	private static void assertUnauthorized(Answer answer, @Nullable String reason) {
		assertRefused(answer, 401);
		assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
		if (reason != null) {
			assertThat(answer.body()).isEqualTo(reason);
		}
	}

	private static void assertRefused(Answer answer, int status) {
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.header("Content-Type")).isEqualToIgnoringCase("text/plain;charset=UTF-8");
		assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
		assertThat(answer.body()).isNotBlank().hasSizeLessThan(120).doesNotContain("\n", "Exception", "eyJ");
	}

	@Configuration(proxyBeanMethods = false)
	static class Rooms {

		final Queue<Integer> refusals = new ConcurrentLinkedQueue<>();

		final Queue<SecurityEvent> events = new ConcurrentLinkedQueue<>();

		final Queue<String> cancelled = new ConcurrentLinkedQueue<>();

		@Bean
		ConnectionLimiter admission() {
			return new ConnectionLimiter() {

				@Override
				public Decision admit(String userId) {
					return switch (userId) {
						case "many" -> Decision.TOO_MANY_FOR_USER;
						case "often" -> Decision.TOO_OFTEN_FOR_USER;
						case "full" -> Decision.FULL;
						case "late" -> Decision.SHUTTING_DOWN;
						default -> Decision.ADMITTED;
					};
				}

				@Override
				public void cancel(String userId) {
					Rooms.this.cancelled.add(userId);
				}

			};
		}

		@Bean
		ResumableWsListener refusalListener() {
			return new ResumableWsListener() {

				@Override
				public void onHandshakeRejected(int status) {
					Rooms.this.refusals.add(status);
				}

				@Override
				public void onSecurityEvent(SecurityEvent event) {
					Rooms.this.events.add(event);
				}

			};
		}

	}

}
