package dev.resumablews;

import java.util.function.Consumer;

/**
 * Allows clients to send ephemeral messages of one type, and handles them. Define a bean
 * of it for each type; other types are refused. This one shows to the other devices of a
 * session that somebody is typing: <pre class="code">
 * &#064;Bean
 * EphemeralMessageHandler typing(ResumableSessions sessions) {
 *     return EphemeralMessageHandler.of("typing",
 *             (message) -&gt; sessions.sendEphemeralToOthers(message, Map.of("by", message.userId())));
 * }
 * </pre>
 * <p>
 * Messages are not stored and not acknowledged. One that exceeds the user's rate
 * ({@code resumable-ws.user.ephemeral-per-second}), or comes while too many wait, is
 * dropped.
 * <p>
 * Handlers are called by many threads at once, but the messages of one user to this node
 * one after the other. No stored message waits for them.
 */
public interface EphemeralMessageHandler {

	/**
	 * Returns the type of message to handle, one that the protocol does not define.
	 * @return the type
	 */
	String type();

	/**
	 * Handles a message.
	 * @param message the message, without an idempotency key and an event id
	 * @throws MessageRejectedException if the message is not acceptable; its text is sent
	 * to the client, which learns of any other exception only that the message could not
	 * be handled
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
