package dev.resumablews.internal.admission;

import dev.resumablews.internal.protocol.ClientFrame.Auth;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.protocol.MalformedFrameException;
import org.jspecify.annotations.Nullable;

/**
 * The first message of a client, which must hold its token. Joins its pieces, up to a
 * limit. Not thread-safe.
 */
final class FirstMessage {

	private static final int MAX_TOKEN_LENGTH = 16 * 1024;

	/**
	 * Leaves room for the JSON around the token.
	 */
	private static final int MAX_LENGTH = MAX_TOKEN_LENGTH + 1024;

	private static final int MAX_PIECES = 1000;

	private final FrameReader reader;

	private final StringBuilder text = new StringBuilder(0);

	private int pieces;

	FirstMessage(FrameReader reader) {
		this.reader = reader;
	}

	/**
	 * Adds the next piece.
	 * @param last whether it is the last one
	 * @return the token; null if the message has not ended
	 * @throws UnexpectedException if the message does not hold a token
	 */
	@Nullable String receive(String piece, boolean last) throws UnexpectedException {
		if (++this.pieces > MAX_PIECES || this.text.length() + piece.length() > MAX_LENGTH) {
			throw new UnexpectedException();
		}
		this.text.append(piece);
		return last ? token() : null;
	}

	/**
	 * Discards the pieces.
	 */
	void clear() {
		this.text.setLength(0);
		this.text.trimToSize();
	}

	private String token() throws UnexpectedException {
		try {
			if (this.reader.read(this.text.toString()) instanceof Auth auth && isToken(auth.token())) {
				return auth.token();
			}
		}
		catch (MalformedFrameException ex) {
			// treated like any other unexpected message
		}
		throw new UnexpectedException();
	}

	/**
	 * Returns whether a header can hold the token.
	 */
	private static boolean isToken(String token) {
		return !token.isEmpty() && token.length() <= MAX_TOKEN_LENGTH
				&& token.chars().allMatch((unit) -> unit > ' ' && unit < 0x7f);
	}

	/**
	 * Thrown when the message does not hold a token.
	 */
	static final class UnexpectedException extends Exception {

		UnexpectedException() {
			super("The first message must be an auth message", null, false, false);
		}

	}

}
