package dev.resumablews.internal.springai;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

class OpenAiChunksTests {

	private final OpenAiChunks chunks = new OpenAiChunks();

	@Test
	void aCompleteChunkIsUnchanged() {
		String chunk = "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
				+ "\"system_fingerprint\":\"f\",\"citations\":[\"a\"],\"choices\":[{\"index\":0,\"delta\":"
				+ "{\"role\":\"assistant\",\"content\":\"Hi\",\"reasoning_content\":\"Hm\"}}]}";
		assertThat(JsonMapper.shared().readTree(repair(chunk))).isEqualTo(JsonMapper.shared().readTree(chunk));
		assertThat(this.chunks.complete()).isFalse();
	}

	@Test
	void missingIdAndModelAreTakenFromThePreviousChunk() {
		assertThat(tree("{\"choices\":[]}").path("id").asString()).isEqualTo("unknown");
		tree("{\"id\":\"c\",\"model\":\"m\",\"choices\":[]}");
		JsonNode chunk = tree("{\"choices\":[]}");
		assertThat(chunk.path("id").asString()).isEqualTo("c");
		assertThat(chunk.path("model").asString()).isEqualTo("m");
	}

	@Test
	void aFinishReasonCompletesTheAnswer() {
		repair("{\"choices\":[{\"finish_reason\":\"\"}]}");
		repair("{\"choices\":[{\"index\":1,\"finish_reason\":\"stop\"}]}");
		assertThat(this.chunks.complete()).isFalse();
		repair("{\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}");
		assertThat(this.chunks.complete()).isTrue();
		assertThat(repair("{\"error\":{\"message\":\"x\"}}")).isNull();
		assertThat(repair("{\"choices\":[{")).isNull();
		assertThat(repair("{\"choices\":[],\"usage\":{\"total_tokens\":7}}")).contains("\"total_tokens\":7");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "ping", "null", "[]", "7", "\"text\"", "{}", "{\"type\":\"ping\"}",
			"{\"choices\":null}", "{\"choices\":{}}", "{\"error\":null}" })
	void otherDataIsDropped(String data) {
		assertThat(repair(data)).isNull();
	}

	@Test
	void malformedDataIsPassedToTheClient() {
		assertThat(repair("{\"choices\":[{")).isEqualTo("{\"choices\":[{");
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"error\":{\"message\":\"x\"},\"choices\":[]}", "{\"error\":\"x\"}",
			"{\"object\":\"error\",\"message\":\"x\"}", "{\"type\":\"error\",\"message\":\"x\"}" })
	void errorsArePassedToTheClient(String data) {
		assertThat(tree(data).path("error").toString()).contains("\"x\"");
	}

	@Test
	void anEventOfTheTypeErrorIsAnError() {
		assertThat(this.chunks.repair("error", "{\"message\":\"x\"}")).isEqualTo("{\"error\":{\"message\":\"x\"}}");
	}

	@Test
	void tokenCountsAreWholeNumbers() {
		JsonNode usage = tree("{\"usage\":{\"prompt_tokens\":4.0,\"completion_tokens\":\"3\",\"prompt_tokens_details\":"
				+ "{\"cached_tokens\":1,\"cost\":0.5},\"completion_tokens_details\":\"none\"}}")
			.path("usage");
		assertThat(usage).hasToString("{\"prompt_tokens\":4,\"completion_tokens\":0,"
				+ "\"prompt_tokens_details\":{\"cached_tokens\":1},\"total_tokens\":4}");
		assertThat(tree("{\"usage\":{\"total_tokens\":1e30,\"prompt_tokens\":-1}}").path("usage")
			.path("total_tokens")
			.asInt()).isEqualTo(Integer.MAX_VALUE);
	}

	@Test
	void toolCallsGetAnIndex() {
		JsonNode calls = tree("{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\"}},"
				+ "{\"id\":\"b\",\"index\":null,\"function\":{\"name\":\"f\",\"arguments\":null}}]}}]}")
			.path("choices")
			.path(0)
			.path("delta")
			.path("tool_calls");
		assertThat(calls.path(0).path("index").asInt()).isZero();
		assertThat(calls.path(1).path("index").asInt()).isEqualTo(1);
		assertThat(calls.path(1).path("function").has("arguments")).isFalse();
	}

	@Test
	void contentPartsAreJoined() {
		JsonNode delta = tree("{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Hel\"},"
				+ "{\"type\":\"text\",\"text\":\"lo\"}]}}]}")
			.path("choices")
			.path(0)
			.path("delta");
		assertThat(delta.path("content").asString()).isEqualTo("Hello");
	}

	private @Nullable String repair(String data) {
		return this.chunks.repair("", data);
	}

	private JsonNode tree(String data) {
		String repaired = repair(data);
		assertThat(repaired).isNotNull();
		return JsonMapper.shared().readTree(repaired);
	}

}
