package dev.resumablews;

import java.time.Duration;

/**
 * Receives callbacks for metrics and auditing. Every bean of this type is called;
 * listeners may use {@link ResumableSessions}. A single library thread calls all
 * listeners, one event at a time. An exception is logged as a warning. While 10,000
 * events are queued for slow listeners, further events are dropped.
 */
public interface ResumableWsListener {

	/**
	 * A handshake was rejected.
	 * @param status the HTTP status of the response
	 */
	default void onHandshakeRejected(int status) {
	}

	/**
	 * A security-relevant event occurred.
	 * @param event the event
	 */
	default void onSecurityEvent(SecurityEvent event) {
	}

	/**
	 * A connection was opened.
	 * @param resumed whether it resumed a session
	 */
	default void onConnectionOpened(boolean resumed) {
	}

	/**
	 * A connection was closed.
	 * @param code the close code, chosen by the server or the client
	 */
	default void onConnectionClosed(int code) {
	}

	/**
	 * A batch of events was stored in one commit.
	 * @param events the number of events
	 * @param duration the time it took
	 */
	default void onBatchStored(int events, Duration duration) {
	}

	/**
	 * The log rejected an event because it was unavailable or full.
	 */
	default void onAppendRejected() {
	}

	/**
	 * Events were sent to clients.
	 * @param events the number of events since the last call for this kind
	 * @param replayed whether they were read from Postgres instead of memory
	 */
	default void onEventsSent(int events, boolean replayed) {
	}

	/**
	 * An attempt at a reply ended on this node.
	 * @param outcome {@code completed}, {@code cancelled}, the code of its failure, or
	 * {@code abandoned} if it was left to another node or its session was closed
	 * @param duration the running time, without the time in the queue
	 */
	default void onReplyEnded(String outcome, Duration duration) {
	}

	/**
	 * A client connected. Called after {@link #onConnectionOpened}.
	 * @param event the client and its session
	 */
	default void onClientConnected(ClientConnectedEvent event) {
	}

	/**
	 * A client connection ended. Called after {@link #onConnectionClosed}.
	 * @param event the client and its session
	 */
	default void onClientDisconnected(ClientDisconnectedEvent event) {
	}

	/**
	 * An attempt at a reply ended on this node. Called after
	 * {@link #onReplyEnded(String, Duration)}.
	 * @param event the reply
	 */
	default void onReplyEnded(ReplyEndedEvent event) {
	}

	/**
	 * The cleanup removed rows.
	 * @param what the kind of row: {@code sessions}, {@code events},
	 * {@code empty_sessions}, {@code idempotency_keys}, {@code live_connections},
	 * {@code disconnects}, {@code signals} or {@code relays}
	 * @param rows the number of rows
	 */
	default void onCleanedUp(String what, long rows) {
	}

	/**
	 * The cleanup ran on this node, or lacks the rights to run. Reports the oldest
	 * expired row that is left.
	 * @param what the kind of row: {@code sessions}, {@code closed_sessions},
	 * {@code events} or {@code idempotency_keys}
	 * @param overdue the time since the oldest row expired; zero if there is none
	 */
	default void onCleanupOverdue(String what, Duration overdue) {
	}

}
