package dev.resumablews;

import java.util.List;

import tools.jackson.databind.JsonNode;

/**
 * Adapts a relay ({@code resumable-ws.relay.<name>}) to its upstream: adds headers per
 * user and translates messages. Define at most one bean per relay.
 * <p>
 * The methods run on threads of a session's relay and may block, which delays only that
 * relay. They are called concurrently by different relays and by the two directions of
 * one relay. Of an exception only the class name is logged, since its message may contain
 * secrets.
 */
public interface RelayCustomizer {

	/**
	 * Returns the name of the relay to adapt.
	 * @return the name under {@code
	 * resumable-ws.relay}
	 */
	String relay();

	/**
	 * Prepares the handshake of an upstream connection. Called before each attempt. An
	 * exception counts as a failed attempt.
	 * @param handshake the request, with the configured headers
	 */
	default void prepare(RelayHandshake handshake) {
	}

	/**
	 * Returns the messages to send first on each connection, such as the instructions of
	 * an AI session that the upstream keeps per connection. An exception counts as a
	 * failed attempt.
	 * @param handshake the handshake of the connection
	 * @return the messages, in order
	 */
	default List<JsonNode> openingMessages(RelayHandshake handshake) {
		return List.of();
	}

	/**
	 * Translates a client's message. If this method throws, the message is skipped and
	 * the session receives a status event with the status {@code error}.
	 * @param message the message; check {@link RelayMessage#redelivered()} if the
	 * upstream must not see it twice
	 * @return the messages to send to the upstream, in order; empty to skip the message
	 */
	default List<JsonNode> toUpstream(RelayMessage message) {
		return List.of(message.payload());
	}

	/**
	 * Translates a message of the upstream. If this method throws, the message is
	 * dropped.
	 * @param event the message
	 * @return the events for the session, in order; their {@code type} fields determine
	 * whether they are durable; empty to drop the message
	 */
	default List<JsonNode> fromUpstream(RelayEvent event) {
		return List.of(event.payload());
	}

}
