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
	 * Requests a {@code pong}.
	 *
	 * @param t value to be echoed
	 */
	record Ping(@Nullable JsonNode t) implements ClientFrame {
	}

	/**
	 * Requests a replay of the events after the given one.
	 *
	 * @param lastEventId id of the event, 0 or more
	 * @param epoch the history that the event is part of; null if the client sent none
	 */
	record Resume(long lastEventId, @Nullable Forks epoch) implements ClientFrame {
	}

	/**
	 * A message of the user.
	 *
	 * @param content the text; well-formed Unicode
	 * @param idempotencyKey the message's key
	 */
	record UserMessage(String content, UUID idempotencyKey) implements ClientFrame {
	}

	/**
	 * Cancels running replies.
	 *
	 * @param messageId the reply; null for all replies of the session
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
	 * A message of an application-defined type.
	 *
	 * @param type the type
	 * @param payload the payload; a missing node if there is none
	 * @param idempotencyKey the message's key, if it has one
	 */
	record Custom(String type, JsonNode payload, @Nullable UUID idempotencyKey) implements ClientFrame {
	}

}
