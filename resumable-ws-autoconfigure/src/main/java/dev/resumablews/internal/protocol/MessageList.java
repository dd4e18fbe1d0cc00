package dev.resumablews.internal.protocol;

import java.util.ArrayList;
import java.util.List;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * Client messages sent in one request.
 *
 * @param messages each message as JSON, for {@link FrameReader}
 * @param array whether they were sent as an array, which determines the format of the
 * response
 */
public record MessageList(List<String> messages, boolean array) {

	private static final JsonMapper JSON = JsonMapper.shared();

	/**
	 * Splits a request body: a JSON object, or an array of messages.
	 * @param text the body
	 * @return the messages
	 * @throws MalformedFrameException if it is neither
	 */
	public static MessageList split(String text) throws MalformedFrameException {
		try (JsonParser json = JSON.createParser(text)) {
			JsonToken first = json.nextToken();
			List<String> messages = new ArrayList<>(1);
			if (first == JsonToken.START_ARRAY) {
				for (JsonToken next = json.nextToken(); next != JsonToken.END_ARRAY; next = json.nextToken()) {
					messages.add(value(json, text));
				}
			}
			else if (first == JsonToken.START_OBJECT) {
				messages.add(value(json, text));
			}
			else {
				throw malformed("Expected a JSON object or an array of objects");
			}
			if (json.nextToken() != null) {
				throw malformed("More than one JSON value");
			}
			return new MessageList(List.copyOf(messages), first == JsonToken.START_ARRAY);
		}
		catch (JacksonException ex) {
			throw malformed("Not valid JSON");
		}
	}

	private static String value(JsonParser json, String text) {
		int begin = (int) json.currentTokenLocation().getCharOffset();
		json.finishToken();
		json.skipChildren();
		return text.substring(begin, (int) json.currentLocation().getCharOffset());
	}

	private static MalformedFrameException malformed(String message) {
		return new MalformedFrameException(ErrorCode.MALFORMED, message, null);
	}

}
