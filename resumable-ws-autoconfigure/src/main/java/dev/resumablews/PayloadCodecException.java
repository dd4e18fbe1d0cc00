package dev.resumablews;

import org.jspecify.annotations.Nullable;

/**
 * The payload of an event could not be encoded, so that the event was not stored, or not
 * be decoded. The message names the event, and holds nothing of its payload.
 */
public class PayloadCodecException extends RuntimeException {

	/**
	 * Creates an exception.
	 * @param message which event it is about
	 * @param cause what the {@link PayloadCodec} has thrown; null if it has returned what
	 * cannot be used
	 */
	public PayloadCodecException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
