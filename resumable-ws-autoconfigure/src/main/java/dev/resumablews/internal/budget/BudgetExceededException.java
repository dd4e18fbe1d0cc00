package dev.resumablews.internal.budget;

import dev.resumablews.EventLogUnavailableException;

/**
 * Thrown when a user has exceeded a limit for one user. Other users are unaffected.
 */
public class BudgetExceededException extends EventLogUnavailableException {

	private static final long serialVersionUID = 1;

	private final String reason;

	/**
	 * Creates the exception.
	 * @param reason the name of the limit
	 */
	public BudgetExceededException(String reason) {
		super("The user has reached a limit: " + reason);
		this.reason = reason;
	}

	/**
	 * Returns the name of the limit.
	 * @return the name, which is the reason of the security event
	 */
	public String reason() {
		return this.reason;
	}

}
