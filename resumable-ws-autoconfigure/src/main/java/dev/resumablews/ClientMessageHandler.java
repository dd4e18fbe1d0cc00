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
 * A handler for {@code user_message} is called once for each message, after it was stored
 * and instead of the {@link ReplyGenerator}.
 * <p>
 * Handlers are called by many threads at once, but a connection's messages of the
 * application's own types one after the other, while its further messages wait, and its
 * user messages one after the other, too.
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
