package dev.resumablews.internal.observability;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import dev.resumablews.ClientConnectedEvent;
import dev.resumablews.ClientDisconnectedEvent;
import dev.resumablews.ClientTransport;
import dev.resumablews.ReplyEndedEvent;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the events of the application context that {@code @EventListener} methods
 * receive.
 */
class ApplicationEventTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final TestServer server = TestServer.builder().with(Application.class).start();

	private final Listeners listeners = this.server.bean(Listeners.class);

	@AfterEach
	void close() {
		this.listeners.gate.countDown();
		this.server.close();
	}

	@Test
	void connectsAndDisconnectsArePublished() {
		this.listeners.gate.countDown();
		UUID session;
		UUID connection;
		try (ResumableWsTestClient client = connect("alice")) {
			session = client.sessionId();
			connection = client.await(ServerFrame.SessionInit.class).connectionId();
			client.await("replay_complete");
			this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of());
			client.await("tick");
		}
		awaitEvents(2);
		assertThat(this.listeners.events.get(0))
			.isEqualTo(new ClientConnectedEvent(session, "alice", connection, false, ClientTransport.WEBSOCKET));
		assertThat(this.listeners.events.get(1)).isInstanceOfSatisfying(ClientDisconnectedEvent.class, (event) -> {
			assertThat(event.sessionId()).isEqualTo(session);
			assertThat(event.userId()).isEqualTo("alice");
			assertThat(event.connectionId()).isEqualTo(connection);
			assertThat(event.closeCode()).isEqualTo(1000);
			assertThat(event.connected()).isPositive();
		});
		try (HttpTestClient client = HttpTestClient.sse(this.server.uri())
			.query("token", Tokens.forUser("alice"))
			.query("sessionId", session)
			.query("lastEventId", 0)
			.connect()) {
			client.await("replay_complete");
			awaitEvents(3);
			assertThat(this.listeners.events.get(2)).isInstanceOfSatisfying(ClientConnectedEvent.class, (event) -> {
				assertThat(event.resumed()).isTrue();
				assertThat(event.transport()).isEqualTo(ClientTransport.SSE);
			});
		}
	}

	@Test
	void endedRepliesArePublished() {
		this.listeners.gate.countDown();
		try (ResumableWsTestClient client = connect("bob")) {
			UUID session = client.sessionId();
			client.say("Hi");
			long eventId = client.await("ack").json().path("event_id").asLong();
			String message = client.awaitEvent("assistant_message").payload().path("message_id").asString();
			awaitEvents(2);
			assertThat(this.listeners.events.get(1)).isInstanceOfSatisfying(ReplyEndedEvent.class, (event) -> {
				assertThat(event.sessionId()).isEqualTo(session);
				assertThat(event.userId()).isEqualTo("bob");
				assertThat(event.messageId()).hasToString(message);
				assertThat(event.eventId()).isEqualTo(eventId);
				assertThat(event.outcome()).isEqualTo("completed");
			});
		}
	}

	@Test
	void aBlockingOrFailingListenerDelaysNoClient() {
		try (ResumableWsTestClient one = connect("alice")) {
			one.await("replay_complete");
			await().atMost(PATIENCE).until(() -> this.listeners.blocked.getCount() == 0);
			try (ResumableWsTestClient other = connect("bob")) {
				UUID session = other.sessionId();
				this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of());
				other.await("tick");
				assertThat(this.listeners.events).isEmpty();
				this.listeners.failures = 1;
				this.listeners.gate.countDown();
				awaitEvents(1);
			}
		}
		awaitEvents(3);
		assertThat(this.listeners.threads).allMatch((name) -> name.startsWith("resumable-ws-listeners"));
	}

	@Test
	void listenersOfTheLibraryAreNotifiedToo() {
		this.listeners.gate.countDown();
		try (ResumableWsTestClient client = connect("alice")) {
			client.await("replay_complete");
			await().atMost(PATIENCE).until(() -> !this.server.bean(Recorder.class).events.isEmpty());
			assertThat(this.server.bean(Recorder.class).events.get(0).userId()).isEqualTo("alice");
		}
	}

	private void awaitEvents(int number) {
		await().atMost(PATIENCE).until(() -> this.listeners.events.size() >= number);
	}

	private ResumableWsTestClient connect(String user) {
		return ResumableWsTestClient.builder(this.server.uri()).tokens(Tokens.ISSUER).user(user).connect();
	}

	/**
	 * Listeners that depend on the library, which must not create a cycle.
	 */
	static class Listeners {

		final ResumableSessions sessions;

		final CountDownLatch gate = new CountDownLatch(1);

		final CountDownLatch blocked = new CountDownLatch(1);

		final List<Object> events = new CopyOnWriteArrayList<>();

		final List<String> threads = new CopyOnWriteArrayList<>();

		volatile int failures;

		Listeners(ResumableSessions sessions) {
			this.sessions = sessions;
		}

		@EventListener
		void connected(ClientConnectedEvent event) throws InterruptedException {
			note(event);
		}

		@EventListener
		void disconnected(ClientDisconnectedEvent event) throws InterruptedException {
			note(event);
		}

		@EventListener
		void ended(ReplyEndedEvent event) throws InterruptedException {
			note(event);
		}

		private void note(Object event) throws InterruptedException {
			this.blocked.countDown();
			this.gate.await();
			this.threads.add(Thread.currentThread().getName());
			if (this.failures-- > 0) {
				throw new IllegalStateException("A failing listener");
			}
			this.events.add(event);
		}

	}

	static class Recorder implements ResumableWsListener {

		final List<ClientConnectedEvent> events = new CopyOnWriteArrayList<>();

		@Override
		public void onClientConnected(ClientConnectedEvent event) {
			this.events.add(event);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		Listeners eventListeners(ResumableSessions sessions) {
			return new Listeners(sessions);
		}

		@Bean
		Recorder recorder() {
			return new Recorder();
		}

		@Bean
		ReplyGenerator generator() {
			return (request) -> Flux.just(ReplyPart.text("Hello"));
		}

	}

}
