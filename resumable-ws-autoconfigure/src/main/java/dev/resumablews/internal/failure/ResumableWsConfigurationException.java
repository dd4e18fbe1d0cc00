package dev.resumablews.internal.failure;

import org.jspecify.annotations.Nullable;

/**
 * Thrown at start-up when the library cannot work as it is configured, or with what it
 * found. Spring Boot prints the description and the action instead of a stack trace.
 */
public class ResumableWsConfigurationException extends RuntimeException {

	private final String description;

	private final String action;

	/**
	 * Creates an exception without a cause.
	 * @param description what is wrong, with the value that is, in one or two sentences
	 * @param action what to set or to do, with the name of the property, in one sentence
	 */
	public ResumableWsConfigurationException(String description, String action) {
		this(description, action, null);
	}

	/**
	 * Creates an exception.
	 * @param description what is wrong, with the value that is, in one or two sentences
	 * @param action what to set or to do, with the name of the property, in one sentence
	 * @param cause what revealed it, for the log at DEBUG; null if nothing else did
	 */
	public ResumableWsConfigurationException(String description, String action, @Nullable Throwable cause) {
		super(description + " " + action, cause);
		this.description = description;
		this.action = action;
	}

	/**
	 * Returns what is wrong.
	 * @return one or two sentences
	 */
	public String description() {
		return this.description;
	}

	/**
	 * Returns what to do about it.
	 * @return one sentence
	 */
	public String action() {
		return this.action;
	}

}
