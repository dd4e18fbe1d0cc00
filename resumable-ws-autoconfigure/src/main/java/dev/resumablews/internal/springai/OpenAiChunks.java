package dev.resumablews.internal.springai;

import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Repairs the chunks of one answer. OpenAI's client rejects a chunk with a missing field
 * or a field of an unexpected type, even if nothing depends on it. OpenAI-compatible
 * servers send such chunks. This class adds the fields that the client requires and
 * removes those that it cannot parse. Errors stay errors. Not safe for use by many
 * threads.
 */
final class OpenAiChunks {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final Set<String> TOKEN_DETAILS = Set.of("prompt_tokens_details", "completion_tokens_details");

	private String id = "unknown";

	private String model = "unknown";

	private boolean complete;

	/**
	 * Returns whether a chunk had a finish reason.
	 * @return whether the answer is complete
	 */
	boolean complete() {
		return this.complete;
	}

	/**
	 * Notes a chunk that needed no repair.
	 * @param head its fields other than the text
	 */
	void passed(TextChunk.Head head) {
		this.id = head.id();
		this.model = head.model();
	}

	/**
	 * Repairs a chunk.
	 * @param event the type of the event; empty if it has none
	 * @param data the data of the event
	 * @return the chunk; null if it has no relevant content
	 */
	@Nullable String repair(String event, String data) {
		if (!data.stripLeading().startsWith("{")) {
			return null;
		}
		JsonNode tree;
		try {
			tree = JSON.readTree(data);
		}
		catch (JacksonException ex) {
			// it may have been part of the answer
			return this.complete ? null : data;
		}
		if (!(tree instanceof ObjectNode chunk)) {
			return null;
		}
		JsonNode error = error(event, chunk);
		if (error != null) {
			return this.complete ? null : JSON.createObjectNode().set("error", error).toString();
		}
		return repair(chunk) ? chunk.toString() : null;
	}

	private static @Nullable JsonNode error(String event, ObjectNode chunk) {
		JsonNode error = chunk.remove("error");
		if (error != null && (error.isObject() ? !error.isEmpty() : !error.asString("").isBlank())) {
			return error;
		}
		boolean isError = event.equals("error") || chunk.path("object").asString("").equals("error")
				|| chunk.path("type").asString("").equals("error");
		return isError ? chunk : null;
	}

	private boolean repair(ObjectNode chunk) {
		removeNulls(chunk);
		if (!repairUsage(chunk) && !chunk.path("choices").isArray()) {
			return false;
		}
		this.id = nonEmpty(chunk.path("id"), this.id);
		chunk.put("id", this.id);
		this.model = nonEmpty(chunk.path("model"), this.model);
		chunk.put("model", this.model);
		chunk.put("object", "chat.completion.chunk");
		if (!chunk.path("created").isIntegralNumber()) {
			chunk.put("created", 0);
		}
		removeUnlessString(chunk, "service_tier", "system_fingerprint");
		ArrayNode choices = JSON.createArrayNode();
		for (JsonNode node : chunk.path("choices")) {
			if (node instanceof ObjectNode choice) {
				repairChoice(choice, choices.size());
				choices.add(choice);
			}
		}
		chunk.set("choices", choices);
		return true;
	}

	private void repairChoice(ObjectNode choice, int position) {
		removeNulls(choice);
		if (!choice.path("index").isIntegralNumber()) {
			choice.put("index", position);
		}
		if (nonEmpty(choice.path("finish_reason"), "").isEmpty()) {
			choice.remove("finish_reason");
		}
		else if (choice.path("index").asInt() == 0) {
			this.complete = true;
		}
		JsonNode logprobs = choice.path("logprobs");
		if (!logprobs.isObject() || !isMissingOrArray(logprobs.path("content"))
				|| !isMissingOrArray(logprobs.path("refusal"))) {
			choice.remove("logprobs");
		}
		ObjectNode delta = (choice.path("delta") instanceof ObjectNode given) ? given : JSON.createObjectNode();
		repairDelta(delta);
		choice.set("delta", delta);
	}

	private static void repairDelta(ObjectNode delta) {
		removeNulls(delta);
		JsonNode content = delta.path("content");
		if (content.isArray()) {
			StringBuilder text = new StringBuilder();
			content.forEach((part) -> text.append(part.path("text").asString("")));
			delta.put("content", text.toString());
		}
		else if (content.isNumber() || content.isBoolean()) {
			delta.put("content", content.asString());
		}
		removeUnlessString(delta, "content", "role", "refusal");
		if (!delta.path("function_call").isObject()) {
			delta.remove("function_call");
		}
		ArrayNode toolCalls = JSON.createArrayNode();
		for (JsonNode node : delta.path("tool_calls")) {
			if (node instanceof ObjectNode toolCall) {
				repairToolCall(toolCall, toolCalls.size());
				toolCalls.add(toolCall);
			}
		}
		if (toolCalls.isEmpty()) {
			delta.remove("tool_calls");
		}
		else {
			delta.set("tool_calls", toolCalls);
		}
	}

	private static void repairToolCall(ObjectNode toolCall, int position) {
		removeNulls(toolCall);
		if (!toolCall.path("index").isIntegralNumber()) {
			toolCall.put("index", position);
		}
		removeUnlessString(toolCall, "id", "type");
		if (toolCall.path("function") instanceof ObjectNode function) {
			removeNulls(function);
		}
		else {
			toolCall.remove("function");
		}
	}

	/**
	 * Repairs token counts.
	 * @return whether the chunk has any
	 */
	private static boolean repairUsage(ObjectNode chunk) {
		if (!(chunk.path("usage") instanceof ObjectNode usage)) {
			chunk.remove("usage");
			return false;
		}
		long prompt = count(usage.path("prompt_tokens"), 0);
		long completion = count(usage.path("completion_tokens"), 0);
		usage.put("prompt_tokens", prompt);
		usage.put("completion_tokens", completion);
		usage.put("total_tokens", count(usage.path("total_tokens"), prompt + completion));
		for (String name : TOKEN_DETAILS) {
			if (usage.path(name) instanceof ObjectNode details) {
				details.removeIf((count) -> !count.isIntegralNumber());
			}
			else {
				usage.remove(name);
			}
		}
		return true;
	}

	private static long count(JsonNode node, long otherwise) {
		double count = node.isNumber() ? node.asDouble() : otherwise;
		return (long) Math.max(0, Math.min(count, Integer.MAX_VALUE));
	}

	private static String nonEmpty(JsonNode node, String otherwise) {
		return (node.isString() && !node.asString().isEmpty()) ? node.asString() : otherwise;
	}

	private static boolean isMissingOrArray(JsonNode node) {
		return node.isMissingNode() || node.isArray();
	}

	private static void removeNulls(ObjectNode node) {
		node.removeIf(JsonNode::isNull);
	}

	private static void removeUnlessString(ObjectNode node, String... names) {
		for (String name : List.of(names)) {
			if (!node.path(name).isString()) {
				node.remove(name);
			}
		}
	}

}
