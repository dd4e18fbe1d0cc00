package dev.resumablews.internal.protocol;

import java.util.UUID;
import java.util.regex.Pattern;

import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.protocol.ClientFrame.Auth;
import dev.resumablews.internal.protocol.ClientFrame.Cancel;
import dev.resumablews.internal.protocol.ClientFrame.Custom;
import dev.resumablews.internal.protocol.ClientFrame.Ephemeral;
import dev.resumablews.internal.protocol.ClientFrame.Ping;
import dev.resumablews.internal.protocol.ClientFrame.Resume;
import dev.resumablews.internal.protocol.ClientFrame.UserMessage;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/**
 * Parses the messages of clients. Safe for use by many threads.
 */
public final class FrameReader {

	private static final Pattern UUID_PATTERN = Pattern
		.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

	private static final int MAX_SHOWN = 40;

	private static final int MAX_ECHO = 64;

	private final ObjectReader json = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build()
		.reader();

	/**
	 * Parses a message.
	 * @param text the message as JSON
	 * @return the message
	 * @throws MalformedFrameException if it violates the protocol
	 */
	public ClientFrame read(String text) throws MalformedFrameException {
		JsonNode frame = parse(text);
		UUID key = optionalUuid(frame, "idempotency_key", null);
		String type = requiredText(frame, "type", key);
		if (isEphemeral(frame, key)) {
			return new Ephemeral(type, frame.path("payload"));
		}
		return switch (type) {
			case "ping" -> new Ping(echo(frame));
			case "resume" -> new Resume(eventId(frame), epoch(frame));
			case "user_message" -> userMessage(frame, key);
			case "cancel" -> new Cancel(optionalUuid(frame, "message_id", key));
			case "auth" -> new Auth(requiredText(frame, "token", key));
			default -> new Custom(type, frame.path("payload"), key);
		};
	}

	private static boolean isEphemeral(JsonNode frame, @Nullable UUID key) throws MalformedFrameException {
		JsonNode value = frame.path("ephemeral");
		if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
			throw invalid("'ephemeral' must be true or false, not " + abbreviate(value), key);
		}
		if (key != null && value.booleanValue(false)) {
			throw invalid("An ephemeral message must not have an 'idempotency_key', because it is not stored", key);
		}
		return value.booleanValue(false);
	}

	private JsonNode parse(String text) throws MalformedFrameException {
		JsonNode frame;
		try {
			frame = this.json.readTree(text);
		}
		catch (JacksonException ex) {
			throw new MalformedFrameException(ErrorCode.MALFORMED, "The message is not valid JSON", null);
		}
		if (!frame.isObject()) {
			throw new MalformedFrameException(ErrorCode.MALFORMED, "The message is not a JSON object", null);
		}
		if (!frame.has("type")) {
			throw new MalformedFrameException(ErrorCode.MALFORMED, "The message has no 'type'", null);
		}
		return frame;
	}

	private UserMessage userMessage(JsonNode frame, @Nullable UUID key) throws MalformedFrameException {
		if (key == null) {
			throw invalid("A user_message requires an 'idempotency_key' that is a UUID", null);
		}
		String content = requiredText(frame, "content", key);
		if (content.isBlank()) {
			throw invalid("'content' must not be blank", key);
		}
		return new UserMessage(WellFormed.text(content), key);
	}

	/**
	 * Returns the value that the pong echoes. Its size is limited, so that responses stay
	 * small.
	 */
	private static @Nullable JsonNode echo(JsonNode frame) throws MalformedFrameException {
		JsonNode value = frame.get("t");
		if (value != null && value.toString().length() > MAX_ECHO) {
			throw invalid(
					"'t' must have at most %d characters as JSON, but is %s".formatted(MAX_ECHO, abbreviate(value)),
					null);
		}
		return value;
	}

	private static long eventId(JsonNode frame) throws MalformedFrameException {
		JsonNode value = frame.path("lastEventId");
		if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
			throw invalid("'lastEventId' must be an integer of 0 or more, not " + abbreviate(value), null);
		}
		return value.longValue();
	}

	private static @Nullable Forks epoch(JsonNode frame) throws MalformedFrameException {
		JsonNode value = frame.path("epoch");
		if (value.isMissingNode() || value.isNull()) {
			return null;
		}
		if (!value.isString() || !Forks.isValid(value.stringValue())) {
			throw invalid("'epoch' must be a value sent by the server, not " + abbreviate(value), null);
		}
		return new Forks(value.stringValue());
	}

	private static String requiredText(JsonNode frame, String field, @Nullable UUID key)
			throws MalformedFrameException {
		JsonNode value = frame.path(field);
		if (!value.isString()) {
			throw invalid("'%s' must be a string, not %s".formatted(field, abbreviate(value)), key);
		}
		return value.stringValue();
	}

	private static @Nullable UUID optionalUuid(JsonNode frame, String field, @Nullable UUID key)
			throws MalformedFrameException {
		JsonNode value = frame.path(field);
		if (value.isMissingNode() || value.isNull()) {
			return null;
		}
		if (!value.isString() || !UUID_PATTERN.matcher(value.stringValue()).matches()) {
			throw invalid("'%s' must be a UUID, not %s".formatted(field, abbreviate(value)), key);
		}
		return UUID.fromString(value.stringValue());
	}

	private static MalformedFrameException invalid(String message, @Nullable UUID key) {
		return new MalformedFrameException(ErrorCode.INVALID, message, key);
	}

	private static String abbreviate(JsonNode value) {
		if (value.isMissingNode()) {
			return "missing";
		}
		String text = value.toString();
		return (text.length() <= MAX_SHOWN) ? text : WellFormed.text(text.substring(0, MAX_SHOWN)) + "…";
	}

}
