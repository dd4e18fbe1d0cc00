package dev.resumablews.internal.budget;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

import dev.resumablews.internal.budget.BudgetSettings.Allowance;
import io.github.bucket4j.Bucket;

/**
 * What one user has left on this node, over all of the user's connections. It begins full
 * when the user comes after a while, and is not filled by a reconnect. Safe for use by
 * many threads.
 */
public final class UserBudget {

	private final String userId;

	private final BudgetSettings settings;

	/**
	 * Those that were needed: most users only listen. Guarded by itself.
	 */
	private final Map<Rate, Bucket> rates = new EnumMap<>(Rate.class);

	/**
	 * What is taken. Guarded by itself.
	 */
	private final Map<Share, Long> taken = new EnumMap<>(Share.class);

	private final StoredSize stored = new StoredSize();

	UserBudget(String userId, BudgetSettings settings) {
		this.userId = userId;
		this.settings = settings;
	}

	/**
	 * Returns the user.
	 * @return the user's id
	 */
	public String userId() {
		return this.userId;
	}

	/**
	 * Returns what is known of how much is stored for the user.
	 * @return the size
	 */
	public StoredSize stored() {
		return this.stored;
	}

	/**
	 * Does something once, or an amount of it, if the user may do it now.
	 * @param rate what is done
	 * @param amount how much of it
	 * @return whether the user may
	 */
	public boolean tryConsume(Rate rate, long amount) {
		Allowance allowance = this.settings.rates().get(rate);
		if (allowance == null || amount <= 0) {
			return true;
		}
		// what is larger than all that may come at once needs all of it
		return bucket(rate, allowance).tryConsume(Math.min(amount, allowance.burst()));
	}

	/**
	 * Notes that something was done, whether the user may do it or not.
	 * @param rate what was done
	 * @param amount how much of it
	 */
	public void consume(Rate rate, long amount) {
		Allowance allowance = this.settings.rates().get(rate);
		if (allowance != null && amount > 0) {
			bucket(rate, allowance).consumeIgnoringRateLimits(amount);
		}
	}

	/**
	 * Returns how long it takes until the user may do something again.
	 * @param rate what is to be done
	 * @return zero if the user may do it now
	 */
	public Duration delay(Rate rate) {
		Allowance allowance = this.settings.rates().get(rate);
		if (allowance == null) {
			return Duration.ZERO;
		}
		return Duration.ofNanos(bucket(rate, allowance).estimateAbilityToConsume(1).getNanosToWaitForRefill());
	}

	/**
	 * Takes an amount, if there is enough left.
	 * @param share what of
	 * @param amount how much
	 * @return whether it was taken, and is to be given back
	 */
	public boolean tryTake(Share share, long amount) {
		Long limit = this.settings.shares().get(share);
		synchronized (this.taken) {
			long sum = this.taken.getOrDefault(share, 0L) + amount;
			if (limit != null && sum > limit) {
				return false;
			}
			this.taken.put(share, sum);
			return true;
		}
	}

	/**
	 * Gives an amount back.
	 * @param share what of
	 * @param amount how much
	 */
	public void giveBack(Share share, long amount) {
		synchronized (this.taken) {
			long left = this.taken.getOrDefault(share, 0L) - amount;
			if (left != 0) {
				this.taken.put(share, left);
			}
			else {
				this.taken.remove(share);
			}
		}
	}

	boolean isUnused() {
		synchronized (this.taken) {
			return this.taken.isEmpty();
		}
	}

	private Bucket bucket(Rate rate, Allowance allowance) {
		synchronized (this.rates) {
			return this.rates.computeIfAbsent(rate,
					(key) -> Bucket.builder()
						.addLimit((limit) -> limit.capacity(allowance.burst())
							.refillGreedy(allowance.perMinute(), Duration.ofMinutes(1)))
						.build());
		}
	}

}
