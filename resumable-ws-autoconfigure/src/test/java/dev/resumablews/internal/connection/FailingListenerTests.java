package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests a listener of the application that throws for every event.
 */
class FailingListenerTests {

	@Test
	void aFailingListenerDoesNotAffectConnectionsRepliesOrOtherListeners() {
		try (TestServer server = TestServer.builder().with(Listeners.class).start()) {
			assertThatExceptionOfType(HandshakeRejectedException.class)
				.isThrownBy(ResumableWsTestClient.builder(server.uri()).token("none")::connect)
				.returns(401, HandshakeRejectedException::status);
			for (int i = 0; i < 2; i++) {
				try (ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
					.tokens(Tokens.ISSUER)
					.user("ada")
					.connect()) {
					client.await("replay_complete");
					client.sendOnce("{\"type\":\"user_message\",\"content\":\"Hi\",\"idempotency_key\":\""
							+ UUID.randomUUID() + "\"}");
					assertThat(client.awaitEvent("assistant_message").payload().path("content").asString())
						.isEqualTo("Hello");
				}
			}
			Recording recording = server.bean(Recording.class);
			await().untilAsserted(() -> assertThat(recording.events).containsExactlyInAnyOrder("refused", "opened",
					"stored", "sent", "ended", "closed"));
			await().untilAsserted(() -> assertThat(server.bean(Connections.class).all()).isEmpty());
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Listeners {

		@Bean
		@Order(1)
		ResumableWsListener broken() {
			return new Broken();
		}

		@Bean
		@Order(2)
		Recording recording() {
			return new Recording();
		}

		@Bean
		ReplyGenerator hello() {
			return (request) -> Flux.just(ReplyPart.text("Hello"));
		}

	}

	/**
	 * A listener that handles every kind of event.
	 */
	abstract static class Listener implements ResumableWsListener {

		abstract void note(String event);

		@Override
		public void onHandshakeRejected(int status) {
			note("refused");
		}

		@Override
		public void onConnectionOpened(boolean resumed) {
			note("opened");
		}

		@Override
		public void onConnectionClosed(int code) {
			note("closed");
		}

		@Override
		public void onBatchStored(int events, Duration duration) {
			note("stored");
		}

		@Override
		public void onEventsSent(int events, boolean replayed) {
			note("sent");
		}

		@Override
		public void onReplyEnded(String outcome, Duration duration) {
			note("ended");
		}

	}

	static final class Recording extends Listener {

		private final Set<String> events = ConcurrentHashMap.newKeySet();

		@Override
		void note(String event) {
			this.events.add(event);
		}

	}

	static final class Broken extends Listener {

		@Override
		void note(String event) {
			throw new IllegalStateException("the listener is broken");
		}

	}

}
