package dev.resumablews.internal.budget;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

import dev.resumablews.internal.budget.BudgetSettings.Allowance;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class UserBudgetsTests {

	private final AtomicLong now = new AtomicLong();

	private final UserBudgets budgets = new UserBudgets(
			new BudgetSettings(Map.of(Rate.MESSAGES, new Allowance(1, 3), Rate.REPLAY, new Allowance(60, 100)),
					Map.of(Share.WAITING_MESSAGES, 2L)),
			this.now::get);

	@Test
	void allConnectionsOfAUserShareABudget() {
		UserBudget first = this.budgets.hold("alice");
		UserBudget second = this.budgets.hold("alice");
		assertThat(first.tryConsume(Rate.MESSAGES, 2)).isTrue();
		assertThat(second.tryConsume(Rate.MESSAGES, 1)).isTrue();
		assertThat(first.tryConsume(Rate.MESSAGES, 1)).isFalse();
		assertThat(this.budgets.of("bob").tryConsume(Rate.MESSAGES, 3)).isTrue();
	}

	@Test
	void aReconnectDoesNotRefillTheBudget() {
		UserBudget first = this.budgets.hold("alice");
		assertThat(first.tryConsume(Rate.MESSAGES, 3)).isTrue();
		this.budgets.release(first);
		assertThat(this.budgets.hold("alice").tryConsume(Rate.MESSAGES, 1)).isFalse();
	}

	@Test
	void aBudgetIsRemovedSomeTimeAfterItsLastUse() {
		UserBudget held = this.budgets.hold("alice");
		this.budgets.of("bob");
		UserBudget taken = this.budgets.of("carol");
		assertThat(taken.tryTake(Share.WAITING_MESSAGES, 1)).isTrue();
		advance(UserBudgets.KEPT.plusSeconds(1));
		assertThat(this.budgets.of("alice")).isSameAs(held);
		assertThat(this.budgets.size()).isEqualTo(2);
		this.budgets.release(held);
		taken.giveBack(Share.WAITING_MESSAGES, 1);
		advance(UserBudgets.KEPT.plusSeconds(1));
		this.budgets.of("dave");
		assertThat(this.budgets.size()).isEqualTo(1);
	}

	@Test
	void aReturnedShareCanBeTakenAgain() {
		UserBudget budget = this.budgets.of("alice");
		assertThat(budget.tryTake(Share.WAITING_MESSAGES, 2)).isTrue();
		assertThat(budget.tryTake(Share.WAITING_MESSAGES, 1)).isFalse();
		budget.giveBack(Share.WAITING_MESSAGES, 1);
		assertThat(budget.tryTake(Share.WAITING_MESSAGES, 1)).isTrue();
	}

	@Test
	void anUnusedBudgetIsRemovedToo() {
		UserBudget budget = this.budgets.hold("alice");
		budget.giveBack(Share.UNREAD_CHARACTERS, 0);
		this.budgets.release(budget);
		advance(UserBudgets.KEPT.plusSeconds(1));
		this.budgets.of("bob");
		assertThat(this.budgets.size()).isEqualTo(1);
	}

	@Test
	void unlimitedSharesAndRatesAlwaysAdmit() {
		UserBudget budget = this.budgets.of("alice");
		assertThat(budget.tryConsume(Rate.FRAMES, Long.MAX_VALUE)).isTrue();
		assertThat(budget.tryTake(Share.UNREAD_CHARACTERS, Long.MAX_VALUE / 2)).isTrue();
		assertThat(budget.delay(Rate.FRAMES)).isZero();
	}

	@Test
	void consumingMoreThanTheRateDelaysTheUser() {
		UserBudget budget = this.budgets.of("alice");
		budget.consume(Rate.REPLAY, 100);
		budget.consume(Rate.REPLAY, 59);
		assertThat(budget.delay(Rate.REPLAY)).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(61));
	}

	@Test
	void aRequestLargerThanTheBurstConsumesTheWholeBurst() {
		UserBudget budget = this.budgets.of("alice");
		assertThat(budget.tryConsume(Rate.MESSAGES, 1000)).isTrue();
		assertThat(budget.tryConsume(Rate.MESSAGES, 1)).isFalse();
	}

	private void advance(Duration time) {
		this.now.addAndGet(time.toNanos());
	}

}
