package dev.resumablews.internal.connection;

import java.util.UUID;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.SecurityEvent.Kind;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.protocol.ServerMessage;

/**
 * Who has sent a message, and where the answer goes: a connection, or a request with
 * messages. Safe for use by many threads.
 */
public interface MessageSender {

	/**
	 * Returns the id of the connection or of the request.
	 */
	UUID id();

	/**
	 * Returns the session, which is the user's.
	 */
	UUID sessionId();

	/**
	 * Returns the user, by the newest token.
	 */
	AuthenticatedUser user();

	String userId();

	/**
	 * Returns what the user has left.
	 */
	UserBudget budget();

	/**
	 * Returns whether no further message of this sender is handled. What was not
	 * acknowledged the client sends again.
	 */
	boolean isClosing();

	/**
	 * Sends the answer to a message.
	 */
	void tell(ServerMessage message);

	/**
	 * Notes that a message was handled that has no answer.
	 */
	void handled();

	/**
	 * Notes that the session does not take any further event.
	 */
	void sessionEnded();

	/**
	 * Tells the listeners of a security event of this client.
	 * @param reason one of a fixed set of words
	 */
	void report(Kind kind, String reason);

}
