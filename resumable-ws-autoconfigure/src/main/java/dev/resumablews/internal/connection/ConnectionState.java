package dev.resumablews.internal.connection;

import dev.resumablews.CloseCode;
import org.jspecify.annotations.Nullable;

/**
 * The state of a connection. It only moves forward, in the order of {@link Phase}; the
 * only exception is undoing a close for which no thread was available. Safe for use by
 * many threads.
 * <table>
 * <caption>Phases</caption>
 * <tr>
 * <th>phase</th>
 * <th>loop</th>
 * <th>client messages</th>
 * <th>timeouts</th>
 * <th>ends with</th>
 * </tr>
 * <tr>
 * <td>OPENING</td>
 * <td>does not run, sends nothing</td>
 * <td>queued, within limits</td>
 * <td>time to open</td>
 * <td>opened session, close, disconnect</td>
 * </tr>
 * <tr>
 * <td>OPEN</td>
 * <td>sends control messages and events</td>
 * <td>processed</td>
 * <td>slow send, silence, token, lifetime</td>
 * <td>close, disconnect</td>
 * </tr>
 * <tr>
 * <td>CLOSING</td>
 * <td>sends queued control messages, then the close frame</td>
 * <td>dropped</td>
 * <td>time to close</td>
 * <td>close frame, disconnect</td>
 * </tr>
 * <tr>
 * <td>CLOSED</td>
 * <td>does nothing</td>
 * <td>dropped</td>
 * <td></td>
 * <td>closed WebSocket, reported by the container or this side</td>
 * </tr>
 * <tr>
 * <td>GONE</td>
 * <td>does nothing</td>
 * <td>dropped</td>
 * <td>none</td>
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
	 * Returns the code with which this side closes.
	 * @return the code; null if this side does not close
	 */
	@Nullable CloseCode code() {
		return this.code;
	}

	boolean isOpen() {
		return this.phase == Phase.OPEN;
	}

	/**
	 * Returns whether sending has ended.
	 */
	boolean hasEnded() {
		return this.phase.compareTo(Phase.CLOSED) >= 0;
	}

	/**
	 * Moves from OPENING to OPEN.
	 * @return whether the state changed; false if the connection was closed before
	 */
	synchronized boolean open() {
		return move(this.phase == Phase.OPENING, Phase.OPEN);
	}

	/**
	 * Moves to CLOSING.
	 * @param code the close code
	 * @return whether the state changed; false if the connection is already closing
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
	 * @return whether the state changed, and the caller must close the WebSocket
	 */
	synchronized boolean end() {
		return move(this.phase == Phase.CLOSING, Phase.CLOSED);
	}

	/**
	 * Moves back to CLOSING, because no thread was available to close the WebSocket.
	 */
	synchronized void undoEnd() {
		move(this.phase == Phase.CLOSED, Phase.CLOSING);
	}

	/**
	 * Moves to GONE.
	 * @return whether the state changed
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
	 * Phases of a connection.
	 */
	enum Phase {

		/**
		 * The session is being opened.
		 */
		OPENING,

		/**
		 * The connection serves its client.
		 */
		OPEN,

		/**
		 * The last messages are being sent.
		 */
		CLOSING,

		/**
		 * The WebSocket is being closed.
		 */
		CLOSED,

		/**
		 * The WebSocket is closed.
		 */
		GONE

	}

}
