package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests first messages with an authenticator of the application that reads the request,
 * can be slow, and can fail.
 */
@TestInstance(Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
class FirstMessageAuthenticatorTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final String OTHER_ADDRESS = "127.0.0.2";

	private TestServer server;

	private ApiKeys keys;

	@BeforeAll
	void start() {
		this.server = server();
		this.keys = this.server.bean(ApiKeys.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@BeforeEach
	void awaitNoConnections() {
		await().atMost(PATIENCE)
			.untilAsserted(() -> assertThat(HeldByNode.of(this.server)).isEqualTo(HeldByNode.NOTHING));
		await().atMost(PATIENCE).until(() -> HeldByNode.unauthenticated(this.server) == 0);
		this.keys.requests.clear();
	}

	@Test
	void theAuthenticatorReceivesTheHandshakeWithTheTokenAndWithoutCookies() {
		try (RawWebSocketClient client = to().header("X-Device", "phone")
			.header("Cookie", "resumable-ws-token=key-of-mallory")
			.query("frames", "ndjson")
			.connect()) {
			client.send(auth("key-of-alice"));
			assertThat(client.next().path("type").asString()).isEqualTo("session_init");
		}
		assertThat(this.keys.requests).hasSize(1);
		ServerHttpRequest request = this.keys.requests.remove();
		assertThat(request.getHeaders().get(HttpHeaders.AUTHORIZATION)).containsExactly("Bearer key-of-alice");
		assertThat(request.getHeaders().getFirst("X-Device")).isEqualTo("phone");
		assertThat(request.getHeaders().headerNames()).doesNotContain("Cookie");
		assertThat(request.getURI().getPath()).isEqualTo("/ws");
		assertThat(request.getURI().getQuery()).isEqualTo("frames=ndjson");
		assertThat(request.getMethod().name()).isEqualTo("GET");
		assertThat(request.getRemoteAddress().getAddress().isLoopbackAddress()).isTrue();
		assertThat(request.getLocalAddress().getPort()).isEqualTo(this.server.port());
		assertThat(request.getPrincipal()).isNull();
		assertThat(request.getAttributes()).isNotEmpty();
	}

	@Test
	void theAuthenticatorCanAcceptTheHandshakeWithoutAFirstMessage() {
		try (RawWebSocketClient client = to().header("X-Api-Key", "key-of-alice").connect()) {
			assertThat(client.next().path("type").asString()).isEqualTo("session_init");
		}
		assertThat(to().header("Authorization", "Bearer unknown").connectRefused().status()).isEqualTo(401);
		try (RawWebSocketClient client = to().header("X-Api-Key", "unknown").connect()) {
			client.send(auth("unknown"));
			assertThat(client.awaitClose()).isEqualTo(4401);
		}
	}

	@Test
	void aFailureOfTheAuthenticatorAsksTheClientToRetry(CapturedOutput output) {
		for (String token : List.of("broken-key-of-alice", "erroneous-key-of-alice")) {
			try (RawWebSocketClient client = to().connect()) {
				client.send(auth(token));
				assertThat(client.awaitClose()).isEqualTo(1013);
				assertThat(client.closeReason()).isEqualTo("try_again_later");
				assertThat(client.messages()).isEmpty();
			}
		}
		assertThat(output).contains(StackOverflowError.class.getName()).doesNotContain("key-of-alice");
	}

	@Test
	void aSlowAuthenticationDelaysNoOtherAddressAndRejectsFurtherMessages() {
		List<RawWebSocketClient> slow = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			slow.add(to().connect());
			slow.get(i).send(auth("slow-key-of-alice"));
		}
		await().atMost(PATIENCE).until(() -> this.keys.running.get() == 4);
		assertServed(to().from(OTHER_ADDRESS));
		try (RawWebSocketClient other = to().header("X-Api-Key", "key-of-bob").connect()) {
			other.await("replay_complete");
		}
		slow.get(0).send("{\"type\":\"ping\"}");
		assertThat(slow.get(0).awaitClose()).isEqualTo(4401);
		slow.get(7).send(auth("key-of-alice"));
		assertThat(slow.get(7).awaitClose()).isEqualTo(4401);
		slow.get(1).abort();
		slow.get(6).abort();
		this.keys.end.countDown();
		slow.subList(2, 6)
			.forEach((client) -> assertThat(client.next().path("type").asString()).isEqualTo("session_init"));
		slow.forEach((client) -> assertThat(client.messages().size()).isLessThanOrEqualTo(2));
		slow.forEach(RawWebSocketClient::close);
	}

	@Test
	void anAuthenticationThatTimesOutIsInterruptedAndAsksTheClientToRetry() {
		List<RawWebSocketClient> stuck = new ArrayList<>();
		for (int i = 0; i < 6; i++) {
			stuck.add(to().connect());
			stuck.get(i).send(auth("stuck-key-of-alice"));
		}
		stuck.forEach((client) -> assertThat(client.awaitClose()).isEqualTo(1013));
		await().atMost(PATIENCE).until(() -> this.keys.running.get() == 0);
		// clients that waited for a thread may have got one when the first were
		// interrupted
		assertThat(this.keys.interrupted.get()).isBetween(4, 6);
		assertServed(to());
	}

	@Test
	void aStopDoesNotWaitForTheAuthenticator() {
		TestServer stopping = server();
		try (RawWebSocketClient client = RawWebSocketClient.to(stopping.uri()).timeout(PATIENCE).connect()) {
			client.send(auth("stuck-key-of-alice"));
			await().atMost(PATIENCE).until(() -> stopping.bean(ApiKeys.class).running.get() == 1);
			long begin = System.nanoTime();
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(stopping::close);
			assertThat(client.awaitClose()).isEqualTo(1012);
			assertThat(stopped).succeedsWithin(PATIENCE);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
		}
		finally {
			stopping.close();
		}
	}

	private static TestServer server() {
		return TestServer.builder()
			.with(ApiKeys.class)
			.properties("resumable-ws.auth.token-sources", "header,message", "resumable-ws.auth.first-message-timeout",
					"30s")
			.start();
	}

	private void assertServed(RawWebSocketClient.Builder builder) {
		try (RawWebSocketClient client = builder.connect()) {
			client.send(auth("key-of-bob"));
			client.await("replay_complete");
		}
	}

	private RawWebSocketClient.Builder to() {
		return RawWebSocketClient.to(this.server.uri()).timeout(PATIENCE);
	}

	private static Map<String, String> auth(String token) {
		return Map.of("type", "auth", "token", token);
	}

	/**
	 * Authenticates users by a key, in the header X-Api-Key or as a bearer token.
	 */
	static final class ApiKeys implements HandshakeAuthenticator {

		private final Queue<ServerHttpRequest> requests = new ConcurrentLinkedQueue<>();

		private final CountDownLatch end = new CountDownLatch(1);

		private final CountDownLatch never = new CountDownLatch(1);

		private final AtomicInteger running = new AtomicInteger();

		private final AtomicInteger interrupted = new AtomicInteger();

		@Override
		public AuthenticatedUser authenticate(ServerHttpRequest request) throws HandshakeAuthenticationException {
			HttpHeaders headers = request.getHeaders();
			String key = headers.getFirst("X-Api-Key");
			String bearer = headers.getFirst(HttpHeaders.AUTHORIZATION);
			if (bearer != null) {
				this.requests.add(request);
			}
			key = (bearer != null) ? bearer.substring("Bearer ".length()) : key;
			if (key == null || !key.contains("key-of-")) {
				throw new HandshakeAuthenticationException("Unknown key");
			}
			return switch (key.substring(0, key.indexOf("key-of-"))) {
				case "broken-" -> throw new IllegalStateException("The key service has failed for " + key);
				case "erroneous-" -> throw new StackOverflowError("Too deep for " + key);
				case "slow-" -> await(this.end, key);
				case "stuck-" -> await(this.never, key);
				default -> new AuthenticatedUser(key, null);
			};
		}

		private AuthenticatedUser await(CountDownLatch end, String key) {
			this.running.incrementAndGet();
			try {
				end.await();
				return new AuthenticatedUser(key, null);
			}
			catch (InterruptedException ex) {
				this.interrupted.incrementAndGet();
				throw new IllegalStateException("Interrupted", ex);
			}
			finally {
				this.running.decrementAndGet();
			}
		}

	}

}
