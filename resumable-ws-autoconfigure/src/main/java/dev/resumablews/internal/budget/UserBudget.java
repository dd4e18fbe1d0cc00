package dev.resumablews.internal.budget;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

import dev.resumablews.internal.budget.BudgetSettings.Allowance;
import io.github.bucket4j.Bucket;

/**
 * The remaining budget of one user on this node, shared by all connections of the user.
 * It is full for a user who returns after a while; a reconnect does not refill it. Safe
 * for use by many threads.
 */
public final class UserBudget {

	private final String userId;

	private final BudgetSettings settings;

	/**
	 * Buckets of the rates used so far, because most users only listen. Guarded by
	 * itself.
	 */
	private final Map<Rate, Bucket> rates = new EnumMap<>(Rate.class);

	/**
	 * Amounts in use. Guarded by itself.
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
	 * Returns the estimate of the number of bytes stored for the user.
	 * @return the estimate
	 */
	public StoredSize stored() {
		return this.stored;
	}

	/**
	 * Consumes an amount if the rate permits it now.
	 * @param rate the rate
	 * @param amount the amount
	 * @return whether the amount was consumed
	 */
	public boolean tryConsume(Rate rate, long amount) {
		Allowance allowance = this.settings.rates().get(rate);
		if (allowance == null || amount <= 0) {
			return true;
		}
		// an amount larger than the burst consumes the whole burst
		return bucket(rate, allowance).tryConsume(Math.min(amount, allowance.burst()));
	}

	/**
	 * Consumes an amount even if it exceeds the rate.
	 * @param rate the rate
	 * @param amount the amount
	 */
	public void consume(Rate rate, long amount) {
		Allowance allowance = this.settings.rates().get(rate);
		if (allowance != null && amount > 0) {
			bucket(rate, allowance).consumeIgnoringRateLimits(amount);
		}
	}

	/**
	 * Returns the time until the rate permits an amount of one.
	 * @param rate the rate
	 * @return the time; zero if it is permitted now
	 */
	public Duration delay(Rate rate) {
		Allowance allowance = this.settings.rates().get(rate);
		if (allowance == null) {
			return Duration.ZERO;
		}
		return Duration.ofNanos(bucket(rate, allowance).estimateAbilityToConsume(1).getNanosToWaitForRefill());
	}

	/**
	 * Takes an amount if enough is left.
	 * @param share the share
	 * @param amount the amount
	 * @return whether it was taken and must be given back
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
	 * @param share the share
	 * @param amount the amount
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
