package dev.resumablews;

import java.util.UUID;

/**
 * The session of a client message, as a parameter of a {@link ClientMessageMapping}
 * method. Delegates to {@link ResumableSessions} for this session. Safe for use by
 * multiple threads.
 */
public interface ResumableSession {

	/**
	 * Returns the session's id.
	 * @return the id
	 */
	UUID id();

	/**
	 * Publishes an event. See {@link ResumableSessions#publish(UUID, String, Object)}.
	 * @param type the event's type
	 * @param payload the object to serialize to a JSON object
	 */
	void publish(String type, Object payload);

	/**
	 * Sends an ephemeral event to all clients of the session. See
	 * {@link ResumableSessions#sendEphemeral(UUID, String, Object)}.
	 * @param type the event's type
	 * @param payload the object to serialize to a JSON object
	 */
	void sendEphemeral(String type, Object payload);

	/**
	 * Sends an ephemeral event with the type of the message to the other clients of the
	 * session. See
	 * {@link ResumableSessions#sendEphemeralToOthers(ClientMessage, Object)}.
	 * @param payload the object to serialize to a JSON object
	 */
	void sendEphemeralToOthers(Object payload);

}
