package dev.resumablews;

import java.util.UUID;

/**
 * The session that a message came in, as a parameter of a {@link ClientMessageMapping}
 * method. Does what {@link ResumableSessions} does, for this session. Safe for use by
 * many threads.
 */
public interface ResumableSession {

	/**
	 * Returns the session's id.
	 * @return the id
	 */
	UUID id();

	/**
	 * Publishes an event, as {@link ResumableSessions#publish(UUID, String, Object)}
	 * does.
	 * @param type the event's type
	 * @param payload what is serialized to a JSON object
	 */
	void publish(String type, Object payload);

	/**
	 * Sends an ephemeral event to all clients of the session, as
	 * {@link ResumableSessions#sendEphemeral(UUID, String, Object)} does.
	 * @param type the event's type
	 * @param payload what is serialized to a JSON object
	 */
	void sendEphemeral(String type, Object payload);

	/**
	 * Sends an ephemeral event, with the type of the message, to the other clients of the
	 * session, as {@link ResumableSessions#sendEphemeralToOthers(ClientMessage, Object)}
	 * does.
	 * @param payload what is serialized to a JSON object
	 */
	void sendEphemeralToOthers(Object payload);

}
