package dev.resumablews.internal.budget;

import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The budgets of the users of this node. A budget is kept while it is held and for some
 * time afterwards, so that a reconnecting user continues with the remaining budget. Safe
 * for use by many threads.
 */
public final class UserBudgets {

	/**
	 * Retention of an unused budget. Longer than an empty budget takes to refill with the
	 * defaults.
	 */
	static final Duration KEPT = Duration.ofMinutes(2);

	private final BudgetSettings settings;

	private final LongSupplier nanoTime;

	private final ConcurrentMap<String, Entry> users = new ConcurrentHashMap<>();

	private final AtomicLong nextSweep;

	/**
	 * Creates the budgets of a node.
	 * @param settings the limits for one user
	 */
	public UserBudgets(BudgetSettings settings) {
		this(settings, System::nanoTime);
	}

	UserBudgets(BudgetSettings settings, LongSupplier nanoTime) {
		this.settings = settings;
		this.nanoTime = nanoTime;
		this.nextSweep = new AtomicLong(nanoTime.getAsLong() + KEPT.toNanos());
	}

	/**
	 * Returns the budget of a user for immediate use.
	 * @param userId the user
	 * @return the budget
	 */
	public UserBudget of(String userId) {
		return entry(userId, 0).budget;
	}

	/**
	 * Returns the budget of a user, and keeps it until it is released.
	 * @param userId the user
	 * @return the budget
	 */
	public UserBudget hold(String userId) {
		return entry(userId, 1).budget;
	}

	/**
	 * Releases a budget that was held.
	 * @param budget the budget
	 */
	public void release(UserBudget budget) {
		entry(budget.userId(), -1);
	}

	int size() {
		return this.users.size();
	}

	/**
	 * Returns the number of budgets that are held or partly taken.
	 */
	int held() {
		return (int) this.users.values().stream().filter(Entry::isHeld).count();
	}

	private Entry entry(String userId, int holders) {
		long now = this.nanoTime.getAsLong();
		sweep(now);
		return this.users.compute(userId, (id, known) -> {
			Entry entry = (known != null) ? known : new Entry(new UserBudget(id, this.settings));
			entry.holders += holders;
			entry.usedAt = now;
			return entry;
		});
	}

	/**
	 * Removes budgets that have not been used for {@link #KEPT}, at that interval.
	 */
	private void sweep(long now) {
		long next = this.nextSweep.get();
		if (now - next >= 0 && this.nextSweep.compareAndSet(next, now + KEPT.toNanos())) {
			for (String userId : this.users.keySet()) {
				this.users.computeIfPresent(userId, (id, entry) -> entry.isForgotten(now) ? null : entry);
			}
		}
	}

	/**
	 * A user's budget. Guarded by the map's entry.
	 */
	private static final class Entry {

		private final UserBudget budget;

		private int holders;

		private long usedAt;

		Entry(UserBudget budget) {
			this.budget = budget;
		}

		boolean isHeld() {
			return this.holders > 0 || !this.budget.isUnused();
		}

		boolean isForgotten(long now) {
			return !isHeld() && now - this.usedAt > KEPT.toNanos();
		}

	}

}
