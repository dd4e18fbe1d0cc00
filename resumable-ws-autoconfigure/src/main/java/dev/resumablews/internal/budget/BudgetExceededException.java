package dev.resumablews.internal.budget;

import dev.resumablews.EventLogUnavailableException;

/**
 * A user has asked for more than one user may have now. Others are served.
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
	 * @return the name, as the reason of an event of security
	 */
	public String reason() {
		return this.reason;
	}

}
