package dev.resumablews.internal.failure;

import org.jspecify.annotations.Nullable;

/**
 * Thrown at start-up if the configuration or the environment prevents the library from
 * working. Spring Boot prints the description and the action instead of a stack trace.
 */
public class ResumableWsConfigurationException extends RuntimeException {

	private final String description;

	private final String action;

	/**
	 * Creates an exception without a cause.
	 * @param description the problem with the current value, in one or two sentences
	 * @param action the remedy with the property name, in one sentence
	 */
	public ResumableWsConfigurationException(String description, String action) {
		this(description, action, null);
	}

	/**
	 * Creates an exception.
	 * @param description the problem with the current value, in one or two sentences
	 * @param action the remedy with the property name, in one sentence
	 * @param cause the underlying exception, logged at DEBUG; null if there is none
	 */
	public ResumableWsConfigurationException(String description, String action, @Nullable Throwable cause) {
		super(description + " " + action, cause);
		this.description = description;
		this.action = action;
	}

	/**
	 * Returns the description of the problem.
	 * @return one or two sentences
	 */
	public String description() {
		return this.description;
	}

	/**
	 * Returns the remedy.
	 * @return one sentence
	 */
	public String action() {
		return this.action;
	}

}
