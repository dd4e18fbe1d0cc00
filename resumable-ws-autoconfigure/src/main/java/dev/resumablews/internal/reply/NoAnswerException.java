package dev.resumablews.internal.reply;

import java.io.IOException;

/**
 * Thrown when a model ends without an answer. Its message is safe to log, because it
 * contains no data from the model's server.
 */
public final class NoAnswerException extends IOException {

	private static final long serialVersionUID = 1L;

	public NoAnswerException(String message) {
		super(message);
	}

}
