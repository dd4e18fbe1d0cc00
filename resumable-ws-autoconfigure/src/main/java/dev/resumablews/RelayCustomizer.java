package dev.resumablews;

import java.util.List;

import tools.jackson.databind.JsonNode;

/**
 * Adapts a relay ({@code resumable-ws.relay.<name>}) to its upstream: headers for each
 * user, and the translation of messages. Define one bean for a relay, or none.
 * <p>
 * The methods are called on threads of the relay of one session, and may block: that
 * delays this relay and nothing else. Different relays call them at the same time, and so
 * do the two directions of one relay. What they throw is logged by the name of its class,
 * since its message may hold a secret.
 */
public interface RelayCustomizer {

	/**
	 * Returns the relay that is adapted.
	 * @return the name under {@code resumable-ws.relay}
	 */
	String relay();

	/**
	 * Prepares the handshake of an upstream connection. Called before each attempt. An
	 * exception counts as a failed attempt.
	 * @param handshake what is sent; with the configured headers
	 */
	default void prepare(RelayHandshake handshake) {
	}

	/**
	 * Returns what the upstream is sent first on each connection, such as the
	 * instructions of an AI session, which the upstream forgets with the connection. An
	 * exception counts as a failed attempt.
	 * @param handshake the handshake of the connection
	 * @return JSON texts, in their order
	 */
	default List<JsonNode> openingMessages(RelayHandshake handshake) {
		return List.of();
	}

	/**
	 * Translates a client's message. A message for which this throws is skipped: the
	 * session gets a status event with the status {@code error}.
	 * @param message the message; check {@link RelayMessage#redelivered()} if the
	 * upstream must not see it twice
	 * @return what the upstream is sent, in its order; empty to skip the message
	 */
	default List<JsonNode> toUpstream(RelayMessage message) {
		return List.of(message.payload());
	}

	/**
	 * Translates a message of the upstream. A message for which this throws is dropped.
	 * @param event the message
	 * @return events for the session, in their order; their {@code type} fields decide
	 * whether they are durable; empty to drop the message
	 */
	default List<JsonNode> fromUpstream(RelayEvent event) {
		return List.of(event.payload());
	}

}
