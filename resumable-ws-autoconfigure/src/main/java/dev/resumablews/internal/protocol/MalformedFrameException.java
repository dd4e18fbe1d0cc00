package dev.resumablews.internal.protocol;

import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a client's message violates the protocol. The exception's message describes
 * the violation and may be sent to the client.
 */
public final class MalformedFrameException extends Exception {

	private final ErrorCode code;

	private final transient @Nullable UUID idempotencyKey;

	MalformedFrameException(ErrorCode code, String message, @Nullable UUID idempotencyKey) {
		super(message);
		this.code = code;
		this.idempotencyKey = idempotencyKey;
	}

	/**
	 * Returns the error message for the client.
	 * @return the error message
	 */
	public ServerMessage.ErrorMessage toError() {
		return new ServerMessage.ErrorMessage(this.code, String.valueOf(getMessage()), this.idempotencyKey);
	}

}
