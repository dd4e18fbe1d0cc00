package dev.resumablews.internal.relay;

import java.util.UUID;

/**
 * Sends ephemeral events to the clients of a session.
 */
@FunctionalInterface
interface EphemeralSender {

	/**
	 * Sends an event. Does not block.
	 * @param sessionId the session
	 * @param type the event's type
	 * @param payload an object that is serialized to a JSON object
	 */
	void send(UUID sessionId, String type, Object payload);

}
