package dev.resumablews.internal.protocol;

import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * A client's message breaks the protocol. The message says how, and may be sent to the
 * client.
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
	 * Returns what to answer.
	 * @return the answer
	 */
	public ServerMessage.ErrorMessage toError() {
		return new ServerMessage.ErrorMessage(this.code, String.valueOf(getMessage()), this.idempotencyKey);
	}

}
