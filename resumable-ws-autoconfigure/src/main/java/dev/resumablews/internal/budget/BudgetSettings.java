package dev.resumablews.internal.budget;

import java.util.Map;

/**
 * Limits for one user on a node.
 *
 * @param rates the allowance of each rate; a missing one is unlimited
 * @param shares the maximum of each share; a missing one is unlimited
 */
public record BudgetSettings(Map<Rate, Allowance> rates, Map<Share, Long> shares) {

	/**
	 * Copies the maps.
	 * @param rates the allowance of each rate
	 * @param shares the maximum of each share
	 */
	public BudgetSettings {
		rates = Map.copyOf(rates);
		shares = Map.copyOf(shares);
	}

	/**
	 * The allowance of a rate.
	 *
	 * @param perMinute average amount per minute; more than 0
	 * @param burst maximum amount at once; more than 0
	 */
	public record Allowance(long perMinute, long burst) {

	}

}
