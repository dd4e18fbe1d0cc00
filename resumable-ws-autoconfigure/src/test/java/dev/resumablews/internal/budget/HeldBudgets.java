package dev.resumablews.internal.budget;

/**
 * Counts the budgets that are in use, for tests of other packages.
 */
public final class HeldBudgets {

	private HeldBudgets() {
	}

	/**
	 * Counts them.
	 * @param budgets the budgets of a node
	 * @return how many users have a connection, or something that waits
	 */
	public static int of(UserBudgets budgets) {
		return budgets.held();
	}

	/**
	 * Counts those that are remembered.
	 * @param budgets the budgets of a node
	 * @return how many users are not forgotten
	 */
	public static int remembered(UserBudgets budgets) {
		return budgets.size();
	}

}
