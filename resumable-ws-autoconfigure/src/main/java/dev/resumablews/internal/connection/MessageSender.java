package dev.resumablews.internal.connection;

import java.util.UUID;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.SecurityEvent.Kind;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.protocol.ServerMessage;

/**
 * The sender of a message and the destination of its response: a connection, or an HTTP
 * request. Safe for use by many threads.
 */
public interface MessageSender {

	/**
	 * Returns the id of the connection or of the request.
	 */
	UUID id();

	/**
	 * Returns the session, which belongs to the user.
	 */
	UUID sessionId();

	/**
	 * Returns the user according to the newest token.
	 */
	AuthenticatedUser user();

	String userId();

	/**
	 * Returns the user's budget.
	 */
	UserBudget budget();

	/**
	 * Returns whether further messages of this sender are dropped. The client sends
	 * unacknowledged messages again.
	 */
	boolean isClosing();

	/**
	 * Sends the response to a message.
	 */
	void send(ServerMessage message);

	/**
	 * Records that a message without a response was handled.
	 */
	void handled();

	/**
	 * Records that the session accepts no further events.
	 */
	void sessionEnded();

	/**
	 * Notifies the listeners of a security event of this client.
	 * @param reason one of a fixed set of words
	 */
	void report(Kind kind, String reason);

}
