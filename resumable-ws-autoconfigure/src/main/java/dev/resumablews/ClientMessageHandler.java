package dev.resumablews;

/**
 * Handles the messages of one type that clients send. Define a bean of it for each type
 * of the application's own.
 * <p>
 * A message with an idempotency key is handled in a transaction together with its key: if
 * the handler returns, it is never called for that key again; if it throws, nothing is
 * kept, the client is told, and may send the message again. A message without a key is
 * handled each time it comes, without a transaction.
 * <p>
 * A handler for {@code user_message} is called after the message was stored and
 * acknowledged, instead of the {@link ReplyGenerator}, in a transaction in which the
 * message is marked as handled. So what the handler writes to this database, and
 * publishes, is kept exactly once for each message; what it does elsewhere is done at
 * least once. The messages of a session are handled in their order, one at a time, by any
 * node: if one is stopped or killed, another one takes over when the lease
 * ({@code resumable-ws.reply.lease}) has passed. If the handler throws, nothing is kept
 * and it is called again, a second later and then after twice as long each time, up to
 * {@code resumable-ws.reply.max-attempts} times. After the last one, or at once if it
 * throws a {@link MessageRejectedException} or the message is not valid, the client gets
 * an event {@code message_failed}, and the next message is handled. Messages of a session
 * that is closed or erased are not handled any more. All nodes of an application should
 * have such a handler, or none.
 * <p>
 * Handlers are called by many threads at once, but a connection's messages of the
 * application's own types one after the other, while its further messages wait. User
 * messages count as replies: {@code resumable-ws.reply.max-concurrent},
 * {@code resumable-ws.user.max-running-replies} and {@code max-waiting-replies} bound
 * them, and a handler that takes longer than {@code resumable-ws.reply.max-duration} is
 * interrupted.
 */
public interface ClientMessageHandler {

	/**
	 * Returns the type of message to handle; one that the protocol does not define, or
	 * {@code user_message}.
	 * @return the type
	 */
	String type();

	/**
	 * Handles a message.
	 * @param message the message
	 * @throws MessageRejectedException if the message is not acceptable; its text is sent
	 * to the client, which is told of any other exception only that the message could not
	 * be handled
	 */
	void handle(ClientMessage message);

}
