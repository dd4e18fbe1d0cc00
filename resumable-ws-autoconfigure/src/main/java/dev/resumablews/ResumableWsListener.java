package dev.resumablews;

import java.time.Duration;

/**
 * Listens to what happens, to count and time it. Define beans of it as needed; they may
 * use {@link ResumableSessions}. All of them are called on one thread that the library
 * has for this, one event after the other. One that throws leaves a warning in the log;
 * ones that are so slow that 10,000 events wait are not notified of more.
 */
public interface ResumableWsListener {

	/**
	 * A handshake was refused.
	 * @param status the HTTP status it was refused with
	 */
	default void onHandshakeRefused(int status) {
	}

	/**
	 * Something has happened that whoever guards the service may want to know.
	 * @param event who, from where, and why
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
	 * @param code the close code, whoever chose it
	 */
	default void onConnectionClosed(int code) {
	}

	/**
	 * A batch of events was stored in one commit.
	 * @param events how many events it had
	 * @param duration how long it took
	 */
	default void onBatchStored(int events, Duration duration) {
	}

	/**
	 * An event was refused because the log could not take it.
	 */
	default void onAppendRefused() {
	}

	/**
	 * Events were sent to clients.
	 * @param events how many, since the last call for events of this kind
	 * @param replayed whether they were read back from the log, not from memory
	 */
	default void onEventsSent(int events, boolean replayed) {
	}

	/**
	 * An attempt at a reply has ended on this node.
	 * @param outcome {@code completed}, {@code cancelled}, the code of its failure, or
	 * {@code abandoned} when it was left to another node or its session was closed
	 * @param duration how long it took, without the time it waited for its turn
	 */
	default void onReplyEnded(String outcome, Duration duration) {
	}

	/**
	 * A client has connected. Called after {@link #onConnectionOpened}.
	 * @param event which client, and its session
	 */
	default void onClientConnected(ClientConnectedEvent event) {
	}

	/**
	 * A connection of a client has ended. Called after {@link #onConnectionClosed}.
	 * @param event which client, and its session
	 */
	default void onClientDisconnected(ClientDisconnectedEvent event) {
	}

	/**
	 * An attempt at a reply has ended on this node. Called after
	 * {@link #onReplyEnded(String, Duration)}.
	 * @param event which reply
	 */
	default void onReplyEnded(ReplyEndedEvent event) {
	}

	/**
	 * The cleanup has removed rows.
	 * @param what what was removed: {@code sessions}, {@code events},
	 * {@code empty_sessions}, {@code idempotency_keys}, {@code live_connections},
	 * {@code disconnects}, {@code signals} or {@code relays}
	 * @param rows how many rows
	 */
	default void onCleanedUp(String what, long rows) {
	}

	/**
	 * The cleanup has run on this node, and leaves rows that are past their time, or
	 * none; or another role keeps it from running.
	 * @param what what they are: {@code sessions}, {@code closed_sessions},
	 * {@code events} or {@code idempotency_keys}
	 * @param overdue how long the oldest of them is past its time; zero if there is none
	 */
	default void onCleanupOverdue(String what, Duration overdue) {
	}

}
