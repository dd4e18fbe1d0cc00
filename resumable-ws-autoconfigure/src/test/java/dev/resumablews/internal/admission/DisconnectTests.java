package dev.resumablews.internal.admission;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that an application can disconnect users and logins, on two nodes.
 */
@TestInstance(Lifecycle.PER_CLASS)
class DisconnectTests {

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private String database;

	private TestServer a;

	private TestServer b;

	@BeforeAll
	void start() {
		this.database = TestPostgres.createDatabase();
		this.a = start(Recording.class);
		this.b = start(Recording.class);
	}

	private TestServer start(Class<?> configuration) {
		return TestServer.builder()
			.database(this.database)
			.with(configuration)
			// so that polling does not hide a lost signal
			.properties("resumable-ws.cluster.backstop-interval", "1h")
			.start();
	}

	@AfterAll
	void stop() {
		this.a.close();
		this.b.close();
	}

	@Test
	void aUserIsDisconnectedFromAllNodesAndKeepsTheSessions() {
		String alice = "alice " + "\uD83D\uDE00'\"\\$%".repeat(28);
		try (ResumableWsTestClient here = connect(this.a, Tokens.forUser(alice));
				ResumableWsTestClient there = connect(this.b, Tokens.forUser(alice));
				ResumableWsTestClient bob = connect(this.b, Tokens.forUser("bob"))) {
			UUID session = session(there);
			session(here);
			session(bob);
			sessions(this.a).publish(session, "tick", Map.of());
			there.await("tick");
			sessions(this.a).disconnect(alice);
			assertThat(here.awaitClose().code()).isEqualTo(4401);
			assertThat(there.awaitClose().code()).isEqualTo(4401);
			assertAnswers(bob);
			try (ResumableWsTestClient back = to(this.b, Tokens.forUser(alice)).session(session, 1).connect()) {
				assertThat(back.await(ServerFrame.SessionInit.class).isResumed()).isTrue();
				sessions(this.a).disconnect("somebody else");
				assertAnswers(back);
			}
		}
		for (TestServer node : List.of(this.a, this.b)) {
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(node.bean(Recording.class).events)
					.contains(new SecurityEvent(SecurityEvent.Kind.DISCONNECTED, alice, null, "disconnected")));
		}
	}

	@Test
	void onlyTheGivenLoginIsDisconnected() {
		String phone = Tokens.with("carol", (claims) -> claims.putAll(Map.of("jti", "phone", "sid", "same")));
		String laptop = Tokens.with("carol", (claims) -> claims.putAll(Map.of("jti", "laptop", "sid", "same")));
		String browser = Tokens.with("carol", (claims) -> claims.put("sid", "browser"));
		try (ResumableWsTestClient onPhone = connect(this.a, phone);
				ResumableWsTestClient onLaptop = connect(this.b, laptop);
				ResumableWsTestClient inBrowser = connect(this.b, browser)) {
			List.of(onPhone, onLaptop, inBrowser).forEach(DisconnectTests::session);
			sessions(this.a).disconnectToken("laptop");
			assertThat(onLaptop.awaitClose().code()).isEqualTo(4401);
			assertAnswers(onPhone);
			assertAnswers(inBrowser);
			sessions(this.a).disconnectToken("browser");
			assertThat(inBrowser.awaitClose().code()).isEqualTo(4401);
			assertAnswers(onPhone);
		}
	}

	@Test
	void theNewestTokenOfAConnectionCounts() {
		try (ResumableWsTestClient client = connect(this.b,
				Tokens.with("dora", (claims) -> claims.put("jti", "first")))) {
			session(client);
			client.sendOnce(
					Map.of("type", "auth", "token", Tokens.with("dora", (claims) -> claims.put("jti", "second"))));
			client.await("auth_ok");
			sessions(this.b).disconnectToken("first");
			assertAnswers(client);
			sessions(this.b).disconnectToken("second");
			assertThat(client.awaitClose().code()).isEqualTo(4401);
		}
	}

	@Test
	void aUserIsDisconnectedWhileTheTokenIsBeingVerified() throws Exception {
		try (TestServer slow = start(Slow.class)) {
			Slow gate = slow.bean(Slow.class);
			for (TestServer disconnecting : List.of(slow, this.a)) {
				gate.close();
				CompletableFuture<ResumableWsTestClient> connecting = CompletableFuture
					.supplyAsync(() -> connect(slow, "x"));
				assertThat(gate.entered.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
				sessions(disconnecting).disconnect("eve");
				gate.open.countDown();
				try (ResumableWsTestClient client = connecting.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
					assertThat(client.awaitClose().code()).isEqualTo(4401);
				}
			}
			try (ResumableWsTestClient later = connect(slow, "x")) {
				session(later);
				sessions(this.a).disconnect("somebody else");
				assertAnswers(later);
			}
		}
	}

	@Test
	void aDisconnectInATransactionTakesEffectAtItsCommit() {
		TransactionTemplate transaction = new TransactionTemplate(this.a.bean(PlatformTransactionManager.class));
		try (ResumableWsTestClient client = connect(this.b, Tokens.forUser("fred"))) {
			session(client);
			int before = disconnects();
			transaction.executeWithoutResult((status) -> {
				sessions(this.a).disconnect("fred");
				status.setRollbackOnly();
			});
			assertThat(disconnects()).isEqualTo(before);
			transaction.executeWithoutResult((status) -> {
				sessions(this.a).disconnect("fred");
				assertThat(disconnects()).isEqualTo(before);
				assertAnswers(client);
			});
			assertThat(client.awaitClose().code()).isEqualTo(4401);
		}
	}

	@Test
	void aNodeThatMissedTheSignalDisconnectsTheUserLater() {
		try (TestServer deaf = TestServer.builder()
			.database(this.database)
			.properties("resumable-ws.cluster.backstop-interval", "500ms", "resumable-ws.cluster.signal", "polling",
					"resumable-ws.cluster.poll-interval", "10s")
			.start(); ResumableWsTestClient client = connect(deaf, Tokens.forUser("gina"))) {
			session(client);
			sessions(this.a).disconnect("gina");
			assertThat(client.awaitClose().code()).isEqualTo(4401);
		}
	}

	private int disconnects() {
		return this.b.bean(JdbcClient.class).sql("select count(*) from ws_disconnects").query(Integer.class).single();
	}

	private static ResumableSessions sessions(TestServer node) {
		return node.bean(ResumableSessions.class);
	}

	private static ResumableWsTestClient connect(TestServer node, String token) {
		return to(node, token).connect();
	}

	private static ResumableWsTestClientBuilder to(TestServer node, String token) {
		return ResumableWsTestClient.builder(node.uri()).token(token).timeout(PATIENCE);
	}

	private static UUID session(ResumableWsTestClient client) {
		client.await("replay_complete");
		return client.sessionId();
	}

	private static void assertAnswers(ResumableWsTestClient client) {
		client.sendOnce("{\"type\":\"ping\"}");
		assertThat(client.await("pong")).isNotNull();
	}

	@Configuration(proxyBeanMethods = false)
	static class Recording implements ResumableWsListener {

		final List<SecurityEvent> events = new CopyOnWriteArrayList<>();

		@Override
		public void onSecurityEvent(SecurityEvent event) {
			this.events.add(event);
		}

	}

	/**
	 * Authenticates every client as eve once the gate is open.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Slow {

		volatile CountDownLatch entered = new CountDownLatch(1);

		volatile CountDownLatch open = new CountDownLatch(1);

		void close() {
			this.entered = new CountDownLatch(1);
			this.open = new CountDownLatch(1);
		}

		@Bean
		HandshakeAuthenticator slowAuthenticator() {
			return new HandshakeAuthenticator() {

				@Override
				public AuthenticatedUser authenticate(ServerHttpRequest request)
						throws HandshakeAuthenticationException {
					AuthenticatedUser eve = new AuthenticatedUser("eve", Instant.now().plusSeconds(60));
					Slow.this.entered.countDown();
					try {
						Slow.this.open.await();
						return eve;
					}
					catch (InterruptedException ex) {
						throw new HandshakeAuthenticationException("Interrupted", ex);
					}
				}

			};
		}

	}

}
