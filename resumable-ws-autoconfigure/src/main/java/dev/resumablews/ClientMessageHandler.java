package dev.resumablews;

/**
 * Handles client messages of one type. Define one bean for each message type of the
 * application.
 * <p>
 * A message with an idempotency key is handled in a transaction that also stores the key.
 * If the handler returns, it is never called again for that key. If it throws, the
 * transaction is rolled back and the client receives an error and may send the message
 * again. A message without a key is handled each time it arrives, without a transaction.
 * <p>
 * A handler for {@code user_message} replaces the {@link ReplyGenerator}. It is called
 * after the message was stored and acknowledged, in a transaction that also marks the
 * message as handled. Its writes to this database and its published events are therefore
 * kept exactly once; any other effect happens at least once. The messages of a session
 * are handled in order, one at a time, by any node. If that node stops or dies, another
 * node takes over once the lease ({@code resumable-ws.reply.lease}) expires. If the
 * handler throws, the transaction is rolled back and the handler is called again, first
 * after one second and then with doubling delays, up to {@code
 * resumable-ws.reply.max-attempts} times. After the last attempt, or immediately for a
 * {@link MessageRejectedException} or an invalid message, the client receives an event
 * {@code message_failed} and the next message is handled. Messages of closed or erased
 * sessions are not handled. Either all nodes of an application have such a handler or
 * none.
 * <p>
 * Handlers are called concurrently. Messages of the application's types are handled one
 * at a time per connection, while further messages of that connection wait. User messages
 * count as replies: they are bounded by {@code
 * resumable-ws.reply.max-concurrent}, {@code resumable-ws.user.max-running-replies} and
 * {@code max-waiting-replies}, and a handler that exceeds {@code
 * resumable-ws.reply.max-duration} is interrupted.
 */
public interface ClientMessageHandler {

	/**
	 * Returns the message type to handle: {@code user_message}, or a type that the
	 * protocol does not define.
	 * @return the type
	 */
	String type();

	/**
	 * Handles a message.
	 * @param message the message
	 * @throws MessageRejectedException if the message is invalid; its text is sent to the
	 * client. For any other exception the client only learns that handling failed
	 */
	void handle(ClientMessage message);

}
