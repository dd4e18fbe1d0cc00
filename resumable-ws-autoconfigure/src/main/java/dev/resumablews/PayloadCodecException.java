package dev.resumablews;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the payload of an event cannot be encoded or decoded. An event that cannot
 * be encoded is not stored. The message identifies the event and contains nothing of its
 * payload.
 */
public class PayloadCodecException extends RuntimeException {

	/**
	 * Creates an exception.
	 * @param message the detail message, which identifies the event
	 * @param cause the exception of the {@link PayloadCodec}; null if it returned an
	 * unusable result
	 */
	public PayloadCodecException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
