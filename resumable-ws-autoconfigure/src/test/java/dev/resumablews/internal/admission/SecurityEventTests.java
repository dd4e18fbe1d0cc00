package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.SecurityEvent.Kind;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.server.ServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests security events about clients that exceed limits or violate the protocol.
 */
@TestInstance(Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
class SecurityEventTests {

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private TestServer server;

	private Queue<SecurityEvent> events;

	@BeforeAll
	void start() {
		this.server = TestServer.builder().with(Recorded.class).start();
		this.events = this.server.bean(Recorded.class).events;
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@BeforeEach
	void clearEvents() {
		this.events.clear();
	}

	@Test
	void aMessageThatIsTooLargeIsReported() {
		try (ResumableWsTestClient client = connect("ada")) {
			client.sendOnce(Map.of("type", "x", "payload", "x".repeat(140_000)));
			assertThat(client.awaitClose().code()).isEqualTo(1009);
		}
		assertReported(Kind.PROTOCOL_VIOLATED, "ada", "max_message_size");
	}

	@Test
	void aBinaryMessageIsReported() {
		try (RawWebSocketClient client = RawWebSocketClient.to(this.server.uri())
			.query("token", Tokens.forUser("bob"))
			.timeout(PATIENCE)
			.connect()) {
			client.sendBinary(new byte[] { 1 });
			assertThat(client.awaitClose()).isEqualTo(1003);
		}
		assertReported(Kind.PROTOCOL_VIOLATED, "bob", "binary");
	}

	@Test
	void malformedMessagesAreReported() {
		try (ResumableWsTestClient client = connect("carol")) {
			for (int i = 0; i < 10; i++) {
				client.sendOnce("no JSON");
			}
			assertThat(client.awaitClose().code()).isEqualTo(4400);
		}
		assertReported(Kind.PROTOCOL_VIOLATED, "carol", "max_malformed_messages");
	}

	@Test
	void anInvalidTokenIsReported() {
		try (ResumableWsTestClient client = connect("dave")) {
			for (String token : List.of(Tokens.forged("dave"), Tokens.with("dave", (claims) -> claims.remove("exp")))) {
				auth(client, token);
				assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unauthorized");
			}
			assertReported(Kind.TOKEN_REFUSED, "dave", "token", "token");
			auth(client, Tokens.forUser("dave"));
			client.await("auth_ok");
		}
		assertThat(this.events).hasSize(2);
	}

	@Test
	void anotherUsersTokenIsReported() {
		try (ResumableWsTestClient client = connect("erin")) {
			auth(client, Tokens.forUser("mallory"));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unauthorized");
		}
		assertReported(Kind.TOKEN_REFUSED, "erin", "another_user");
	}

	@Test
	void theMessageOfAFailedAuthenticatorIsNotLogged(CapturedOutput output) {
		try (TestServer broken = TestServer.builder().with(BrokenAuthenticator.class).start();
				ResumableWsTestClient client = ResumableWsTestClient.builder(broken.uri())
					.timeout(PATIENCE)
					.connect()) {
			auth(client, "key-of-the-client");
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("failed");
			assertThat(output).containsPattern(
					"Failed to verify the token of an auth message on connection \\S+: java.lang.IllegalStateException")
				.doesNotContain("key-of-the-client");
		}
	}

	private void assertReported(Kind kind, String user, String... reasons) {
		await().atMost(PATIENCE).until(() -> this.events.size() >= reasons.length);
		assertThat(this.events).extracting(SecurityEvent::reason).containsExactly(reasons);
		assertThat(this.events).allSatisfy((event) -> {
			assertThat(event.kind()).isEqualTo(kind);
			assertThat(event.userId()).isEqualTo(user);
			assertThat(event.remoteAddress()).isIn("127.0.0.1", "0:0:0:0:0:0:0:1");
		});
	}

	private ResumableWsTestClient connect(String user) {
		return ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.timeout(PATIENCE)
			.connect();
	}

	private static void auth(ResumableWsTestClient client, String token) {
		client.sendOnce(Map.of("type", "auth", "token", token));
	}

	static final class Recorded implements ResumableWsListener {

		private final Queue<SecurityEvent> events = new ConcurrentLinkedQueue<>();

		@Override
		public void onSecurityEvent(SecurityEvent event) {
			this.events.add(event);
		}

	}

	static final class BrokenAuthenticator implements HandshakeAuthenticator {

		@Override
		public AuthenticatedUser authenticate(ServerHttpRequest request) {
			return new AuthenticatedUser("frank", null);
		}

		@Override
		public AuthenticatedUser authenticate(String token) throws HandshakeAuthenticationException {
			throw new IllegalStateException("no such key: " + token);
		}

	}

}
