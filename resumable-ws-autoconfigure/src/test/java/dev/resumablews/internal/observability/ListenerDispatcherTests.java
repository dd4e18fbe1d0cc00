package dev.resumablews.internal.observability;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.ClientConnectedEvent;
import dev.resumablews.ClientTransport;
import dev.resumablews.ResumableWsListener;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class ListenerDispatcherTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static final int CAPACITY = 10_000;

	private static final ClientConnectedEvent CONNECTED = new ClientConnectedEvent(UUID.randomUUID(), "ada",
			UUID.randomUUID(), false, ClientTransport.WEBSOCKET);

	@Test
	void aConnectTakesOnePlaceInTheQueue() throws Exception {
		CountDownLatch open = new CountDownLatch(1);
		CountDownLatch busy = new CountDownLatch(1);
		AtomicInteger notified = new AtomicInteger();
		AtomicInteger published = new AtomicInteger();
		ResumableWsListener slow = new ResumableWsListener() {

			@Override
			public void onClientConnected(ClientConnectedEvent event) {
				busy.countDown();
				try {
					open.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
				notified.incrementAndGet();
			}

		};
		try (ListenerDispatcher dispatcher = new ListenerDispatcher(() -> List.of(slow),
				(event) -> published.incrementAndGet())) {
			dispatcher.afterSingletonsInstantiated();
			dispatcher.listener().onClientConnected(CONNECTED);
			busy.await();
			for (int i = 0; i < CAPACITY; i++) {
				dispatcher.listener().onClientConnected(CONNECTED);
			}
			open.countDown();
			await().atMost(PATIENCE).until(() -> published.get() == CAPACITY + 1);
			assertThat(notified).hasValue(CAPACITY + 1);
		}
	}

	@Test
	void listenersAreNotifiedBeforeTheEventIsPublishedEvenOfEarlierEvents() {
		List<String> calls = new CopyOnWriteArrayList<>();
		ResumableWsListener listener = new ResumableWsListener() {

			@Override
			public void onClientConnected(ClientConnectedEvent event) {
				calls.add("notified");
			}

		};
		try (ListenerDispatcher dispatcher = new ListenerDispatcher(() -> List.of(listener),
				(event) -> calls.add("published"))) {
			dispatcher.listener().onClientConnected(CONNECTED);
			assertThat(calls).isEmpty();
			dispatcher.afterSingletonsInstantiated();
			dispatcher.listener().onClientConnected(CONNECTED);
			await().atMost(PATIENCE)
				.untilAsserted(
						() -> assertThat(calls).containsExactly("notified", "published", "notified", "published"));
		}
	}

}
