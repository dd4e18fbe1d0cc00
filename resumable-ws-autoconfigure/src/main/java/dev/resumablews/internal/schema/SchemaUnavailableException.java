package dev.resumablews.internal.schema;

import org.jspecify.annotations.Nullable;

/**
 * The tables are missing and cannot be made, for a reason that somebody must remedy.
 */
final class SchemaUnavailableException extends RuntimeException {

	private final String action;

	SchemaUnavailableException(String description, String action, @Nullable Throwable cause) {
		super(description, cause);
		this.action = action;
	}

	String action() {
		return this.action;
	}

}
