package dev.resumablews.internal.connection;

import dev.resumablews.CloseCode;
import org.jspecify.annotations.Nullable;

/**
 * The state of a connection. It only moves forward, in the order of {@link Phase}, but
 * for a close that could not be handed to a thread, which is undone. Safe for use by many
 * threads.
 * <table>
 * <caption>Phases</caption>
 * <tr>
 * <th>phase</th>
 * <th>loop</th>
 * <th>messages of the client</th>
 * <th>watched for</th>
 * <th>left by</th>
 * </tr>
 * <tr>
 * <td>OPENING</td>
 * <td>does not run, nothing is sent</td>
 * <td>kept, within bounds</td>
 * <td>the time it takes</td>
 * <td>the session's opening, a close, the client</td>
 * </tr>
 * <tr>
 * <td>OPEN</td>
 * <td>control messages, events</td>
 * <td>handled</td>
 * <td>a send that takes too long, silence, token, lifetime</td>
 * <td>a close, the client</td>
 * </tr>
 * <tr>
 * <td>CLOSING</td>
 * <td>control messages that wait, then the close frame</td>
 * <td>dropped</td>
 * <td>the time it takes</td>
 * <td>the close frame, the client</td>
 * </tr>
 * <tr>
 * <td>CLOSED</td>
 * <td>does nothing</td>
 * <td>dropped</td>
 * <td></td>
 * <td>the container, or this side when the WebSocket is closed</td>
 * </tr>
 * <tr>
 * <td>GONE</td>
 * <td>does nothing</td>
 * <td>dropped</td>
 * <td>not any more</td>
 * <td></td>
 * </tr>
 * </table>
 * The code is set when CLOSING begins, and never changes. It stays null if the client or
 * the network closes the connection first.
 */
final class ConnectionState {

	private volatile Phase phase = Phase.OPENING;

	private volatile @Nullable CloseCode code;

	Phase phase() {
		return this.phase;
	}

	/**
	 * Returns the code that this side closes with.
	 * @return the code; null if this side does not close
	 */
	@Nullable CloseCode code() {
		return this.code;
	}

	boolean isOpen() {
		return this.phase == Phase.OPEN;
	}

	/**
	 * Returns whether nothing is sent any more.
	 */
	boolean hasEnded() {
		return this.phase.compareTo(Phase.CLOSED) >= 0;
	}

	/**
	 * Moves from OPENING to OPEN.
	 * @return whether it did; false if the connection was closed before
	 */
	synchronized boolean open() {
		return move(this.phase == Phase.OPENING, Phase.OPEN);
	}

	/**
	 * Moves to CLOSING.
	 * @param code why
	 * @return whether it did; false if the connection is being closed already
	 */
	synchronized boolean close(CloseCode code) {
		if (this.phase.compareTo(Phase.CLOSING) >= 0) {
			return false;
		}
		this.code = code;
		return move(true, Phase.CLOSING);
	}

	/**
	 * Moves from CLOSING to CLOSED.
	 * @return whether it did, and the WebSocket is to be closed
	 */
	synchronized boolean end() {
		return move(this.phase == Phase.CLOSING, Phase.CLOSED);
	}

	/**
	 * Moves back to CLOSING, as the WebSocket could not be closed.
	 */
	synchronized void undoEnd() {
		move(this.phase == Phase.CLOSED, Phase.CLOSING);
	}

	/**
	 * Moves to GONE.
	 * @return whether it did
	 */
	synchronized boolean gone() {
		return move(this.phase != Phase.GONE, Phase.GONE);
	}

	private boolean move(boolean allowed, Phase to) {
		if (allowed) {
			this.phase = to;
		}
		return allowed;
	}

	/**
	 * What a connection is doing.
	 */
	enum Phase {

		/**
		 * Its session is being opened.
		 */
		OPENING,

		/**
		 * It serves its client.
		 */
		OPEN,

		/**
		 * Its last messages are being sent.
		 */
		CLOSING,

		/**
		 * Its WebSocket is being closed.
		 */
		CLOSED,

		/**
		 * Its WebSocket is closed.
		 */
		GONE

	}

}
