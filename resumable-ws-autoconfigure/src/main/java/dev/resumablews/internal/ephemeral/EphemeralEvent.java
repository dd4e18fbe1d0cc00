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
 * @param recipient whose connections get it
 * @param except a connection that does not get it; null if all do
 * @param type the event's type
 * @param payload a JSON object, in one line
 */
public record EphemeralEvent(Recipient recipient, @Nullable UUID except, String type, String payload) {

	private static final Pattern TYPE = Pattern.compile("[a-z][a-zA-Z0-9._-]{0,63}");

	/**
	 * Returns whether a text can be the type of an event, ephemeral or not.
	 * @param type the text
	 * @return whether it can
	 */
	public static boolean isType(String type) {
		return TYPE.matcher(type).matches();
	}

	/**
	 * Returns whether clients can be sent this event as a line of JSON, for one that
	 * comes from outside of this node: those who can send signals must not be able to
	 * send clients anything but ephemeral events.
	 * @return whether the type is one and the payload is a JSON object in one line
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
	 * Whose connections get an event.
	 *
	 * @param kind what the id is of
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
