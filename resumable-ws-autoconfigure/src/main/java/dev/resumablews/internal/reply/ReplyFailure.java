package dev.resumablews.internal.reply;

/**
 * Reasons for the failure of a reply, with messages for clients.
 */
enum ReplyFailure {

	PROVIDER_ERROR("provider_error", "The model could not answer."),

	TIMEOUT("timeout", "The model took too long to answer."),

	INTERRUPTED("interrupted", "The server stopped before the answer was complete.");

	private final String code;

	private final String message;

	ReplyFailure(String code, String message) {
		this.code = code;
		this.message = message;
	}

	String code() {
		return this.code;
	}

	String message() {
		return this.message;
	}

}
