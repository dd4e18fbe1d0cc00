package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import dev.resumablews.internal.ephemeral.EphemeralEvent;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Kind;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Recipient;
import dev.resumablews.internal.node.NodeNotification;
import dev.resumablews.internal.node.OtherNodes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the order in which signals and ephemeral events are sent, and which events are
 * dropped.
 */
class SignalSenderTests {

	private final Wire wire = new Wire();

	private final UUID node = UUID.randomUUID();

	private final OtherNodes others = new OtherNodes();

	private final SignalSender sender = new SignalSender(this.node, this.wire, this.others, Duration.ofHours(1));

	@AfterEach
	void stop() {
		this.wire.gate.release(1_000_000);
		this.sender.stop(Duration.ofSeconds(1));
	}

	@Test
	void signalsWaitForOneBatchOfEphemeralEventsAtMost() {
		for (int i = 0; i < 5000; i++) {
			this.sender.ephemeral(event(UUID.randomUUID(), i));
		}
		this.sender.start();
		await().until(() -> this.wire.sent.size() == 1);
		this.sender.eventsCommitted(Set.of(UUID.randomUUID()));
		this.sender.notifyOthers(NodeNotification.REPLIES);
		this.wire.gate.release(2);
		await().until(() -> this.wire.sent.size() >= 2);
		assertThat(this.wire.sent.get(0)).hasSize(100).allMatch((text) -> text.startsWith("e "));
		assertThat(this.wire.sent.get(1)).extracting((text) -> text.substring(0, 2)).containsExactly("n ", "r ");
	}

	@Test
	void aContinuousStreamOfSignalsDoesNotStarveEphemeralEvents() {
		this.sender.start();
		this.sender.eventsCommitted(Set.of(UUID.randomUUID()));
		await().until(() -> this.wire.sent.size() == 1);
		this.sender.eventsCommitted(Set.of(UUID.randomUUID()));
		this.sender.ephemeral(event(UUID.randomUUID(), 1));
		this.wire.gate.release(2);
		await().until(() -> this.wire.sent.size() >= 2);
		assertThat(this.wire.sent.get(1)).singleElement().asString().startsWith("e ");
	}

	@Test
	void commitsAreSignalledLessOftenThanOtherSignalsWhileNoOtherNodeHasClients() {
		UUID second = UUID.randomUUID();
		startAlone();
		this.sender.eventsCommitted(Set.of(second));
		this.sender.notifyOthers(NodeNotification.REPLIES);
		await().until(() -> this.wire.sent.size() == 2);
		assertThat(this.wire.sent.get(1)).singleElement().asString().startsWith("r ");
		this.others.signalReceived();
		this.sender.eventsCommitted(Set.of(second));
		await().until(() -> this.wire.sent.size() == 3);
		assertThat(this.wire.sent.get(2)).singleElement().asString().startsWith("n ").contains(signal(second));
	}

	@Test
	void stopSignalsAllCommits() {
		UUID second = UUID.randomUUID();
		startAlone();
		this.sender.eventsCommitted(Set.of(second));
		this.sender.stop(Duration.ofSeconds(10));
		assertThat(this.wire.sent.get(1)).singleElement().asString().contains(signal(second));
	}

	@Test
	void recipientsTakeTurnsAndTheOldestEventsBeyondTheLimitAreDropped() {
		UUID greedy = UUID.randomUUID();
		UUID modest = UUID.randomUUID();
		IntStream.range(0, 1000).forEach((n) -> this.sender.ephemeral(event(greedy, n)));
		this.sender.ephemeral(event(modest, 1));
		this.wire.gate.release(1_000_000);
		this.sender.start();
		await().until(() -> events().size() == EphemeralBacklog.MAX_EVENTS_OF_RECIPIENT + 1);
		assertThat(events().get(1).recipient().id()).isEqualTo(modest);
		assertThat(events().stream().filter((event) -> event.recipient().id().equals(greedy)))
			.extracting(EphemeralEvent::payload)
			.containsExactlyElementsOf(IntStream.range(900, 1000).mapToObj((n) -> "{\"n\":" + n + '}').toList());
	}

	@Test
	void largeEventsAreLimitedByTheirTotalLength() {
		UUID greedy = UUID.randomUUID();
		String payload = "{\"x\":\"" + "x".repeat(100_000) + "\"}";
		for (int i = 0; i < 200; i++) {
			this.sender.ephemeral(new EphemeralEvent(new Recipient(Kind.SESSION, greedy), null, "audio", payload));
			this.sender
				.ephemeral(new EphemeralEvent(new Recipient(Kind.SESSION, UUID.randomUUID()), null, "audio", payload));
		}
		this.wire.gate.release(1_000_000);
		this.sender.start();
		this.sender.eventsCommitted(Set.of(UUID.randomUUID()));
		await().until(() -> events().size() >= 83);
		assertThat(events()).hasSize(83);
		assertThat(events().stream().filter((event) -> event.recipient().id().equals(greedy))).hasSize(2);
		assertThat(this.wire.sent).allMatch((texts) -> texts.size() == 1);
	}

	@Test
	void anEventThatCannotBeSentIsDroppedAndDelaysNoSignal() {
		this.wire.failure = "e ";
		this.wire.gate.release(1_000_000);
		this.sender.start();
		this.sender.ephemeral(event(UUID.randomUUID(), 1));
		await().until(() -> this.wire.failed == 1);
		this.sender.eventsCommitted(Set.of(UUID.randomUUID()));
		await().until(() -> this.wire.sent.size() == 1);
		this.wire.failure = null;
		this.sender.ephemeral(event(UUID.randomUUID(), 2));
		await().until(() -> events().size() == 1);
		assertThat(events().get(0).payload()).isEqualTo("{\"n\":2}");
	}

	/**
	 * Starts the sender while no other node has clients, and waits for its first signal.
	 */
	private void startAlone() {
		this.wire.gate.release(1_000_000);
		this.others.counted(this.others.mark(), false);
		this.sender.start();
		this.sender.eventsCommitted(Set.of(UUID.randomUUID()));
		await().until(() -> this.wire.sent.size() == 1);
	}

	private String signal(UUID sessionId) {
		return SignalCodec.write(this.node, Set.of(sessionId), Set.of(), Set.of()).get(0);
	}

	private List<EphemeralEvent> events() {
		return this.wire.sent.stream()
			.flatMap(List::stream)
			.map(EphemeralCodec::read)
			.flatMap(Stream::ofNullable)
			.map(EphemeralCodec::event)
			.toList();
	}

	private static EphemeralEvent event(UUID session, int n) {
		return new EphemeralEvent(new Recipient(Kind.SESSION, session), null, "step", "{\"n\":" + n + '}');
	}

	/**
	 * Records what is sent, and blocks the sender until the test releases it.
	 */
	private static final class Wire implements ClusterSignal {

		private final List<List<String>> sent = new CopyOnWriteArrayList<>();

		private final Semaphore gate = new Semaphore(0);

		private volatile @Nullable String failure;

		private volatile int failed;

		@Override
		public void start(Receiver receiver) {
		}

		@Override
		public void send(List<String> texts) throws InterruptedException {
			String failure = this.failure;
			if (failure != null && texts.get(0).startsWith(failure)) {
				this.failed++;
				throw new IllegalStateException("These texts cannot be sent");
			}
			this.sent.add(new ArrayList<>(texts));
			this.gate.acquire();
		}

		@Override
		public void close() {
		}

	}

}
