package dev.resumablews.internal.outbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import dev.resumablews.internal.budget.BudgetSettings;
import dev.resumablews.internal.budget.HeldBudgets;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudgets;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests ephemeral events that clients do not read.
 */
class EphemeralQueueTests {

	private static final String EVENT = "x".repeat(1000);

	private final UserBudgets budgets = new UserBudgets(
			new BudgetSettings(Map.of(), Map.of(Share.EPHEMERAL_CHARACTERS, 300_000L)));

	@Test
	void theNumberOfEventsIsLimitedByDroppingTheOldest() {
		EphemeralQueue queue = queue("alice");
		IntStream.range(0, 1000).forEach((n) -> assertThat(queue.offer(String.valueOf(n))).isTrue());
		assertThat(drain(queue, Long.MAX_VALUE)).hasSize(EphemeralQueue.MAX_EVENTS).startsWith("744").endsWith("999");
	}

	@Test
	void theCharactersOfEventsAreLimitedByDroppingTheOldest() {
		EphemeralQueue queue = queue("alice");
		String large = "x".repeat(100_000);
		IntStream.range(0, 10).forEach((n) -> assertThat(queue.offer(n + large)).isTrue());
		assertThat(drain(queue, Long.MAX_VALUE)).extracting((event) -> event.charAt(0)).containsExactly('8', '9');
		assertThat(queue.offer("x".repeat(EphemeralQueue.MAX_CHARACTERS + 1))).isFalse();
	}

	@Test
	void theCharactersOfAUserAreLimitedOverAllConnections() {
		EphemeralQueue first = queue("alice");
		EphemeralQueue second = queue("alice");
		IntStream.range(0, 256).forEach((n) -> first.offer(EVENT));
		IntStream.range(0, 256).forEach((n) -> second.offer(EVENT));
		assertThat(drain(first, Long.MAX_VALUE)).hasSize(256);
		assertThat(drain(second, Long.MAX_VALUE)).hasSize(44);
		EphemeralQueue other = queue("bob");
		IntStream.range(0, 256).forEach((n) -> other.offer(EVENT));
		assertThat(drain(other, Long.MAX_VALUE)).hasSize(256);
	}

	@Test
	void aFrameTakesEventsUpToItsLength() {
		EphemeralQueue queue = queue("alice");
		IntStream.range(0, 10).forEach((n) -> queue.offer(EVENT));
		assertThat(drain(queue, 0)).isEmpty();
		assertThat(drain(queue, 1)).hasSize(1);
		assertThat(drain(queue, 2500)).hasSize(3);
		assertThat(drain(queue, 100_000)).hasSize(6);
	}

	@Test
	void eventsAreDroppedDuringTheReplayAndAfterTheEnd() {
		EphemeralQueue queue = new EphemeralQueue(this.budgets.hold("alice"));
		assertThat(queue.offer(EVENT)).isFalse();
		queue.admit(true);
		assertThat(queue.offer(EVENT)).isTrue();
		queue.admit(false);
		assertThat(drain(queue, Long.MAX_VALUE)).isEmpty();
		queue.admit(true);
		queue.offer(EVENT);
		queue.close();
		queue.offer(EVENT);
		assertThat(drain(queue, Long.MAX_VALUE)).isEmpty();
		this.budgets.release(this.budgets.of("alice"));
		assertThat(HeldBudgets.of(this.budgets)).isZero();
	}

	private EphemeralQueue queue(String user) {
		EphemeralQueue queue = new EphemeralQueue(this.budgets.hold(user));
		queue.admit(true);
		return queue;
	}

	private static List<String> drain(EphemeralQueue queue, long most) {
		List<String> drained = new ArrayList<>();
		queue.drainTo(drained, most);
		return drained;
	}

}
