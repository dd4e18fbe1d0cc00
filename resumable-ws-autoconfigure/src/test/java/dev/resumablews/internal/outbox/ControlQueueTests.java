package dev.resumablews.internal.outbox;

import java.util.ArrayList;
import java.util.Map;

import dev.resumablews.internal.budget.BudgetSettings;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudgets;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests answers that clients do not read.
 */
class ControlQueueTests {

	private static final String ANSWER = "x".repeat(1000);

	private final UserBudgets budgets = new UserBudgets(
			new BudgetSettings(Map.of(), Map.of(Share.UNREAD_CHARACTERS, 100_000L)));

	@Test
	void theCharactersOfAConnectionAreLimited() {
		ControlQueue queue = new ControlQueue(this.budgets.hold("alice"));
		assertThat(fill(queue)).isEqualTo(65);
	}

	@Test
	void theCharactersOfAUserAreLimitedOverAllConnections() {
		ControlQueue first = new ControlQueue(this.budgets.hold("alice"));
		ControlQueue second = new ControlQueue(this.budgets.hold("alice"));
		assertThat(fill(first) + fill(second)).isEqualTo(100);
		assertThat(fill(new ControlQueue(this.budgets.hold("bob")))).isEqualTo(65);
		first.close();
		assertThat(fill(second)).isEqualTo(30);
	}

	@Test
	void sentAnswersFreeSpace() {
		ControlQueue queue = new ControlQueue(this.budgets.hold("alice"));
		fill(queue);
		queue.drainTo(new ArrayList<>());
		assertThat(fill(queue)).isEqualTo(65);
	}

	@Test
	void theNumberOfAnswersIsLimited() {
		ControlQueue queue = new ControlQueue(this.budgets.hold("alice"));
		int kept = 0;
		while (queue.offer("{}")) {
			kept++;
		}
		assertThat(kept).isEqualTo(1000);
	}

	private static int fill(ControlQueue queue) {
		int kept = 0;
		while (queue.offer(ANSWER)) {
			kept++;
		}
		return kept;
	}

}
