package dev.resumablews;

import java.util.function.Consumer;

/**
 * Handles ephemeral messages of one type. Define one bean per type; ephemeral messages of
 * other types are rejected. This handler shows a typing indicator on the session's other
 * devices: <pre class="code">
 * &#064;Bean
 * EphemeralMessageHandler typing(ResumableSessions sessions) {
 *     return EphemeralMessageHandler.of("typing",
 *             (message) -&gt; sessions.sendEphemeralToOthers(message, Map.of("by", message.userId())));
 * }
 * </pre>
 * <p>
 * Ephemeral messages are neither stored nor acknowledged. Messages beyond the user's rate
 * ({@code resumable-ws.user.ephemeral-per-second}) and messages that arrive while the
 * user's queue is full are dropped.
 * <p>
 * Handlers are called concurrently, but one message at a time for each user and node.
 * They do not delay stored messages.
 */
public interface EphemeralMessageHandler {

	/**
	 * Returns the message type to handle; must not be a type of the protocol.
	 * @return the type
	 */
	String type();

	/**
	 * Handles a message.
	 * @param message the message; it has no idempotency key and no event id
	 * @throws MessageRejectedException if the message is invalid; its text is sent to the
	 * client. For any other exception the client only learns that handling failed
	 */
	void handle(ClientMessage message);

	/**
	 * Returns a handler.
	 * @param type the type of message to handle
	 * @param action handles a message, as {@link #handle(ClientMessage)} does
	 * @return the handler
	 */
	static EphemeralMessageHandler of(String type, Consumer<ClientMessage> action) {
		return new EphemeralMessageHandler() {

			@Override
			public String type() {
				return type;
			}

			@Override
			public void handle(ClientMessage message) {
				action.accept(message);
			}

		};
	}

}
