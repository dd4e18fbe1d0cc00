package dev.resumablews.internal.springai;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;

/**
 * A chunk that has text of the first choice and nothing else that a client uses. Almost
 * all chunks are of this kind. They need no repair, and the texts of successive ones can
 * be joined.
 *
 * @param head the fields other than the text
 * @param text the text
 */
record TextChunk(Head head, String text) {

	private static final JsonFactory JSON = JsonFactory.builder().build();

	private static final JsonStringEncoder ENCODER = JsonStringEncoder.getInstance();

	private static final String OBJECT = "chat.completion.chunk";

	/**
	 * Reads a chunk.
	 * @param data the data of an event
	 * @return the chunk; null if it is not of this kind or malformed
	 */
	static @Nullable TextChunk read(String data) {
		if (!data.startsWith("{")) {
			return null;
		}
		try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), data)) {
			return new Reader(parser).chunk();
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	/**
	 * Returns the chunk as JSON, with another text.
	 */
	static String json(Head head, CharSequence text) {
		StringBuilder json = new StringBuilder(text.length() + 256);
		field(json.append('{'), "id", head.id());
		field(json.append(','), "object", OBJECT);
		json.append(",\"created\":").append(head.created()).append(',');
		field(json, "model", head.model());
		if (head.serviceTier() != null) {
			field(json.append(','), "service_tier", head.serviceTier());
		}
		if (head.systemFingerprint() != null) {
			field(json.append(','), "system_fingerprint", head.systemFingerprint());
		}
		json.append(",\"choices\":[{\"index\":0,\"delta\":{");
		if (head.role() != null) {
			field(json, "role", head.role());
			json.append(',');
		}
		field(json, "content", text);
		return json.append("}}]}").toString();
	}

	private static void field(StringBuilder json, String name, CharSequence value) {
		json.append('"').append(name).append("\":\"");
		ENCODER.quoteAsString(value, json);
		json.append('"');
	}

	/**
	 * The fields other than the text.
	 *
	 * @param id id of the answer, not empty
	 * @param created time of the answer
	 * @param model the model, not empty
	 * @param serviceTier the service tier; null if there is none
	 * @param systemFingerprint the fingerprint; null if there is none
	 * @param role the role; null if there is none
	 */
	record Head(String id, long created, String model, @Nullable String serviceTier, @Nullable String systemFingerprint,
			@Nullable String role) {

	}

	/**
	 * Reads one chunk. Stops at anything that it does not know.
	 */
	private static final class Reader {

		private final JsonParser parser;

		private @Nullable String id;

		private @Nullable Long created;

		private @Nullable String model;

		private @Nullable String serviceTier;

		private @Nullable String systemFingerprint;

		private @Nullable String role;

		private boolean isChunk;

		private @Nullable String text;

		private Reader(JsonParser parser) {
			this.parser = parser;
		}

		@Nullable TextChunk chunk() {
			this.parser.nextToken();
			boolean known = fields(this::field) && this.parser.nextToken() == null;
			if (!known || !this.isChunk || this.created == null || this.text == null || this.id == null
					|| this.id.isEmpty() || this.model == null || this.model.isEmpty()) {
				return null;
			}
			return new TextChunk(
					new Head(this.id, this.created, this.model, this.serviceTier, this.systemFingerprint, this.role),
					this.text);
		}

		/**
		 * Reads the fields of an object that has begun.
		 * @return whether all of them are known
		 */
		private boolean fields(FieldReader reader) {
			while (this.parser.nextToken() == JsonToken.PROPERTY_NAME) {
				String name = this.parser.currentName();
				if (!reader.read(name, this.parser.nextToken())) {
					return false;
				}
			}
			return this.parser.currentToken() == JsonToken.END_OBJECT;
		}

		private boolean field(String name, JsonToken value) {
			switch (name) {
				case "id" -> this.id = string(value);
				case "object" -> this.isChunk = OBJECT.equals(string(value));
				case "created" -> this.created = (value == JsonToken.VALUE_NUMBER_INT)
						? Long.valueOf(this.parser.getLongValue()) : null;
				case "model" -> this.model = string(value);
				case "service_tier" -> this.serviceTier = string(value);
				case "system_fingerprint" -> this.systemFingerprint = string(value);
				case "choices" -> {
					return value == JsonToken.START_ARRAY && this.parser.nextToken() == JsonToken.START_OBJECT
							&& fields(this::choiceField) && this.parser.nextToken() == JsonToken.END_ARRAY;
				}
				case "usage" -> {
					return value == JsonToken.VALUE_NULL;
				}
				default -> {
					// padding that OpenAI adds against attacks on the lengths of tokens
					return name.equals("obfuscation") && value == JsonToken.VALUE_STRING;
				}
			}
			return value.isScalarValue();
		}

		private boolean choiceField(String name, JsonToken value) {
			return switch (name) {
				case "index" -> value == JsonToken.VALUE_NUMBER_INT && this.parser.getLongValue() == 0;
				case "finish_reason", "logprobs" -> value == JsonToken.VALUE_NULL;
				case "delta" -> value == JsonToken.START_OBJECT && fields(this::deltaField);
				default -> false;
			};
		}

		private boolean deltaField(String name, JsonToken value) {
			switch (name) {
				case "content" -> this.text = string(value);
				case "role" -> this.role = string(value);
				default -> {
					return value == JsonToken.VALUE_NULL
							&& (name.equals("refusal") || name.equals("tool_calls") || name.equals("function_call"));
				}
			}
			return value.isScalarValue();
		}

		/**
		 * Returns the value if it is a string.
		 */
		private @Nullable String string(JsonToken value) {
			return (value == JsonToken.VALUE_STRING) ? this.parser.getString() : null;
		}

	}

	/**
	 * Reads a field.
	 */
	@FunctionalInterface
	private interface FieldReader {

		/**
		 * Reads a field's value.
		 * @param name the field's name
		 * @param value the first token of its value
		 * @return whether the field is known
		 */
		boolean read(String name, JsonToken value);

	}

}
