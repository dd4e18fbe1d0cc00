package dev.resumablews.internal.protocol;

import java.util.UUID;

import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A message of a client.
 */
public sealed interface ClientFrame {

	/**
	 * Asks for a {@code pong}.
	 *
	 * @param t to be echoed
	 */
	record Ping(@Nullable JsonNode t) implements ClientFrame {
	}

	/**
	 * Asks to be sent again what follows an event.
	 *
	 * @param lastEventId the event, 0 or more
	 * @param epoch the history that the event is part of; null if the client does not say
	 */
	record Resume(long lastEventId, @Nullable Forks epoch) implements ClientFrame {
	}

	/**
	 * Something the user said.
	 *
	 * @param content what was said; well-formed Unicode
	 * @param idempotencyKey the message's key
	 */
	record UserMessage(String content, UUID idempotencyKey) implements ClientFrame {
	}

	/**
	 * Asks to stop a running reply.
	 *
	 * @param messageId the reply; null for all of the session
	 */
	record Cancel(@Nullable UUID messageId) implements ClientFrame {
	}

	/**
	 * Replaces the connection's token.
	 *
	 * @param token the new token
	 */
	record Auth(String token) implements ClientFrame {
	}

	/**
	 * A message that is neither stored nor acknowledged.
	 *
	 * @param type the type
	 * @param payload the payload; a missing node if there is none
	 */
	record Ephemeral(String type, JsonNode payload) implements ClientFrame {
	}

	/**
	 * A message of a type of the application's own.
	 *
	 * @param type the type
	 * @param payload the payload; a missing node if there is none
	 * @param idempotencyKey the message's key, if it has one
	 */
	record Custom(String type, JsonNode payload, @Nullable UUID idempotencyKey) implements ClientFrame {
	}

}
