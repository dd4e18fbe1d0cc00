package dev.resumablews.test.client;

import java.util.OptionalLong;

import tools.jackson.databind.JsonNode;

/**
 * Reads fields of a message.
 */
final class Fields {

	private Fields() {
	}

	static JsonNode required(JsonNode json, String field) {
		JsonNode value = json.path(field);
		if (value.isMissingNode()) {
			throw new IllegalStateException("There is no field '" + field + "' in " + json);
		}
		return value;
	}

	static OptionalLong optionalLong(JsonNode json, String field) {
		JsonNode value = json.path(field);
		return value.isNumber() ? OptionalLong.of(value.asLong()) : OptionalLong.empty();
	}

}
