package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import dev.resumablews.internal.concurrent.BackOff;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests how sessions share the queue of a writer.
 */
class AppendQueueTests {

	private static final UUID BUSY = new UUID(0, 1);

	private static final UUID OTHER = new UUID(0, 2);

	private static final int CAPACITY = 100;

	private static final long CHARACTERS = 10_000;

	private final AppendQueue queue = new AppendQueue(new LogSettings(1, CAPACITY, CHARACTERS, 10, Duration.ofMillis(5),
			Duration.ofSeconds(5), Duration.ofSeconds(5), 1000, 1000),
			new BackOff(Duration.ofMillis(1), Duration.ofMillis(2)));

	@Test
	void sessionsTakeTurns() {
		for (int i = 0; i < 40; i++) {
			add(BUSY, "busy-" + i);
		}
		add(OTHER, "other-0");
		add(OTHER, "other-1");
		assertThat(types(this.queue.poll(5, CHARACTERS))).containsExactly("busy-0", "other-0", "busy-1", "other-1",
				"busy-2");
		assertThat(types(this.queue.poll(CAPACITY, CHARACTERS))).hasSize(37).startsWith("busy-3", "busy-4");
		assertThat(this.queue.isEmpty()).isTrue();
	}

	@Test
	void oneSessionCannotFillTheQueue() {
		for (int i = 0; i < CAPACITY / 2; i++) {
			assertThat(add(BUSY, "busy")).isNull();
		}
		assertThat(add(BUSY, "busy")).contains("50 events").contains(BUSY.toString());
		assertThat(add(OTHER, "other")).isNull();
		this.queue.poll(1, CHARACTERS);
		assertThat(add(BUSY, "busy")).isNull();
	}

	@Test
	void largeEventsOfOneSessionCannotFillTheQueue() {
		String large = "x".repeat(1500);
		for (int i = 0; i < 3; i++) {
			assertThat(add(BUSY, "busy", large)).isNull();
		}
		assertThat(add(BUSY, "busy", large)).contains("3 events");
		assertThat(add(OTHER, "other", large)).isNull();
	}

	@Test
	void aLockedSessionIsRetriedInOrderAndDelaysNoOther() throws InterruptedException {
		add(BUSY, "busy-0");
		add(BUSY, "busy-1");
		List<QueuedAppend> taken = this.queue.poll(1, CHARACTERS);
		add(BUSY, "busy-2");
		this.queue.park(taken);
		this.queue.written();
		add(OTHER, "other");
		List<String> seen = new ArrayList<>(types(this.queue.poll(1, CHARACTERS)));
		assertThat(seen).containsExactly("other");
		while (seen.size() < 4) {
			if (this.queue.await(Duration.ofSeconds(10).toNanos())) {
				seen.addAll(types(this.queue.poll(CAPACITY, CHARACTERS)));
			}
			this.queue.written();
		}
		assertThat(seen).containsExactly("other", "busy-0", "busy-1", "busy-2");
		assertThat(this.queue.isEmpty()).isTrue();
	}

	@Test
	void anAppendThatExpiresWhileItsSessionIsLockedIsRemoved() throws InterruptedException {
		add(BUSY, "busy-0");
		List<QueuedAppend> taken = this.queue.poll(1, CHARACTERS);
		this.queue.park(taken);
		this.queue.written();
		taken.get(0).result().cancel(false);
		add(OTHER, "other");
		while (this.queue.waiting() > 1) {
			this.queue.await(Duration.ofMillis(1).toNanos());
		}
		this.queue.written();
		assertThat(types(this.queue.poll(CAPACITY, CHARACTERS))).containsExactly("other");
		assertThat(add(BUSY, "busy-1")).isNull();
		assertThat(types(this.queue.poll(CAPACITY, CHARACTERS))).containsExactly("busy-1");
	}

	private String add(UUID session, String type) {
		return add(session, type, "{}");
	}

	private String add(UUID session, String type, String payload) {
		return this.queue.add(new QueuedAppend(AppendRequest.of(session, type, payload), Long.MAX_VALUE));
	}

	private static List<String> types(List<QueuedAppend> appends) {
		return appends.stream().map((append) -> append.request().type()).toList();
	}

}
