package dev.resumablews.internal.reply;

import java.io.IOException;

/**
 * Thrown when a model ends without an answer. Its message is a clause that may be logged:
 * it repeats nothing that the model's server has sent.
 */
public final class NoAnswerException extends IOException {

	private static final long serialVersionUID = 1L;

	public NoAnswerException(String message) {
		super(message);
	}

}
