package dev.resumablews.internal.ephemeral;

import java.util.UUID;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * An event that is not stored. Immutable.
 *
 * @param recipient the session or user whose connections receive it
 * @param except a connection that does not receive it; null if all do
 * @param type the event's type
 * @param payload a JSON object in one line
 */
public record EphemeralEvent(Recipient recipient, @Nullable UUID except, String type, String payload) {

	private static final Pattern TYPE = Pattern.compile("[a-z][a-zA-Z0-9._-]{0,63}");

	/**
	 * Returns whether a string is a valid event type, for stored and ephemeral events.
	 * @param type the string
	 * @return whether it is valid
	 */
	public static boolean isType(String type) {
		return TYPE.matcher(type).matches();
	}

	/**
	 * Returns whether this event can be sent to clients as a line of JSON. Events of
	 * other nodes are checked, because a sender of signals must not be able to send
	 * clients anything but ephemeral events.
	 * @return whether the type is valid and the payload is a JSON object in one line
	 */
	boolean isWellFormed() {
		return isType(this.type) && this.payload.indexOf('\n') < 0 && this.payload.indexOf('\r') < 0
				&& isObject(this.payload);
	}

	private static boolean isObject(String json) {
		try (JsonParser parser = JsonMapper.shared().createParser(json)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				return false;
			}
			parser.skipChildren();
			return parser.nextToken() == null;
		}
		catch (JacksonException ex) {
			return false;
		}
	}

	/**
	 * Selects the connections that receive an event.
	 *
	 * @param kind whether the id identifies a session or a user
	 * @param id the id of a session, or a hash of a user's id
	 */
	public record Recipient(Kind kind, UUID id) {

	}

	/**
	 * Kinds of recipients.
	 */
	public enum Kind {

		/**
		 * The connections of a session.
		 */
		SESSION,

		/**
		 * The connections of all sessions of a user.
		 */
		USER

	}

}
