package dev.resumablews.testing;

import java.io.IOException;

/**
 * Thrown when a peer sends bytes that are not a valid WebSocket frame.
 */
public final class InvalidFrameException extends IOException {

	InvalidFrameException(String message) {
		super(message);
	}

}
