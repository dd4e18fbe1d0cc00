package dev.resumablews.internal.budget;

import java.util.Map;

/**
 * What one user may take of a node.
 *
 * @param rates how often something may be done; what is missing has no limit
 * @param shares how much may be kept at the same time; what is missing has no limit
 */
public record BudgetSettings(Map<Rate, Allowance> rates, Map<Share, Long> shares) {

	/**
	 * Copies the maps.
	 * @param rates how often something may be done
	 * @param shares how much may be kept at the same time
	 */
	public BudgetSettings {
		rates = Map.copyOf(rates);
		shares = Map.copyOf(shares);
	}

	/**
	 * How often something may be done.
	 *
	 * @param perMinute how often a minute on average; more than 0
	 * @param burst how often at once; more than 0
	 */
	public record Allowance(long perMinute, long burst) {

	}

}
