package dev.resumablews.internal.admission;

import dev.resumablews.internal.protocol.ClientFrame.Auth;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.protocol.MalformedFrameException;
import org.jspecify.annotations.Nullable;

/**
 * The first message of a client, which must hold its token. Joins the pieces that it
 * comes in, within bounds. Not safe for use by several threads.
 */
final class FirstMessage {

	private static final int MAX_TOKEN_LENGTH = 16 * 1024;

	/**
	 * Leaves some room for what is around the token.
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
	 * Takes the next piece.
	 * @param last whether it is the last one
	 * @return the token; null if the message has not ended
	 * @throws UnexpectedException if it is something else than the client's token
	 */
	@Nullable String receive(String piece, boolean last) throws UnexpectedException {
		if (++this.pieces > MAX_PIECES || this.text.length() + piece.length() > MAX_LENGTH) {
			throw new UnexpectedException();
		}
		this.text.append(piece);
		return last ? token() : null;
	}

	/**
	 * Forgets what has come.
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
			// answered like any other message that is not expected
		}
		throw new UnexpectedException();
	}

	/**
	 * Returns whether a token is one that a header can hold.
	 */
	private static boolean isToken(String token) {
		return !token.isEmpty() && token.length() <= MAX_TOKEN_LENGTH
				&& token.chars().allMatch((unit) -> unit > ' ' && unit < 0x7f);
	}

	/**
	 * The message does not hold a token.
	 */
	static final class UnexpectedException extends Exception {

		UnexpectedException() {
			super("The first message must be an auth message", null, false, false);
		}

	}

}
