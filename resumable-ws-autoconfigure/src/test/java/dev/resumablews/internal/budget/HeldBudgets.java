package dev.resumablews.internal.budget;

/**
 * Counts the budgets of users, for tests of other packages.
 */
public final class HeldBudgets {

	private HeldBudgets() {
	}

	/**
	 * Counts the budgets in use.
	 * @param budgets the budgets of a node
	 * @return the number of users who have a connection or queued work
	 */
	public static int of(UserBudgets budgets) {
		return budgets.held();
	}

	/**
	 * Counts the budgets that are kept in memory.
	 * @param budgets the budgets of a node
	 * @return the number of users
	 */
	public static int remembered(UserBudgets budgets) {
		return budgets.size();
	}

}
