package dev.resumablews.internal.protocol;

import java.util.ArrayList;
import java.util.List;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * Messages of a client that came together.
 *
 * @param messages the text of each, which {@link FrameReader} reads
 * @param array whether they came as an array, and so are their answers
 */
public record MessageList(List<String> messages, boolean array) {

	private static final JsonMapper JSON = JsonMapper.shared();

	/**
	 * Takes a text apart: one JSON object, or an array of messages.
	 * @param text the text
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
				throw malformed("Neither a JSON object nor an array of them");
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
