package dev.resumablews.testing;

import java.io.IOException;

/**
 * A server has sent what is no frame of a server.
 */
public final class InvalidFrameException extends IOException {

	InvalidFrameException(String message) {
		super(message);
	}

}
