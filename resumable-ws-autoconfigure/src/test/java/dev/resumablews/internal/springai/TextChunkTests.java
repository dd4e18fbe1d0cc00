package dev.resumablews.internal.springai;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

class TextChunkTests {

	private static final String ENVELOPE = "\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"";

	private static final String CHOICES = "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]";

	@Test
	void chunksOfOpenAiAreParsed() {
		TextChunk chunk = TextChunk.read("{" + ENVELOPE
				+ ",\"service_tier\":\"default\",\"system_fingerprint\":\"f\",\"choices\":[{\"index\":0,\"delta\":"
				+ "{\"role\":\"assistant\",\"content\":\"Hi\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}],"
				+ "\"usage\":null,\"obfuscation\":\"x\"}");
		assertThat(chunk).isEqualTo(new TextChunk(new TextChunk.Head("c", 1, "m", "default", "f", "assistant"), "Hi"));
	}

	@Test
	void theJsonHasTheSameFieldsAndTheJoinedText() {
		String chunk = "{" + ENVELOPE + ",\"service_tier\":\"default\",\"system_fingerprint\":\"f\",\"choices\":"
				+ "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\\\"Hi\\n\\u0001\u00e4\"}}]}";
		TextChunk read = TextChunk.read(chunk);
		assertThat(read).isNotNull();
		assertThat(JsonMapper.shared().readTree(TextChunk.json(read.head(), read.text())))
			.isEqualTo(JsonMapper.shared().readTree(chunk));
		TextChunk plain = TextChunk.read("{" + ENVELOPE + "," + CHOICES + "}");
		assertThat(plain).isNotNull();
		assertThat(TextChunk.json(plain.head(), "Hello"))
			.isEqualTo("{" + ENVELOPE + "," + CHOICES.replace("Hi", "Hello") + "}");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "[DONE]", "null", "[]", "{}", "{" + ENVELOPE + "}", "{" + CHOICES + "}",
			"{" + ENVELOPE + "," + CHOICES, "{" + ENVELOPE + "," + CHOICES + "}{}",
			"{\"error\":{}," + ENVELOPE + "," + CHOICES + "}", "{" + ENVELOPE + ",\"usage\":{}," + CHOICES + "}",
			"{" + ENVELOPE + ",\"citations\":[]," + CHOICES + "}", "{" + ENVELOPE + ",\"id\":\"\"," + CHOICES + "}",
			"{" + ENVELOPE + ",\"id\":{}," + CHOICES + "}", "{" + ENVELOPE + ",\"created\":1.5," + CHOICES + "}",
			"{" + ENVELOPE + ",\"created\":100000000000000000000," + CHOICES + "}",
			"{" + ENVELOPE + ",\"object\":\"error\"," + CHOICES + "}", "{" + ENVELOPE + ",\"choices\":[]}",
			"{" + ENVELOPE + ",\"choices\":[{\"index\":0,\"delta\":{}}]}",
			"{" + ENVELOPE + ",\"choices\":[{\"index\":1,\"delta\":{\"content\":\"Hi\"}}]}",
			"{" + ENVELOPE + ",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}",
			"{" + ENVELOPE + ",\"choices\":[{\"delta\":{\"content\":\"Hi\",\"reasoning_content\":\"Hm\"}}]}",
			"{" + ENVELOPE + ",\"choices\":[{\"delta\":{\"content\":[]}}]}",
			"{" + ENVELOPE + ",\"choices\":[{\"delta\":{\"content\":\"Hi\"}},{\"index\":1}]}" })
	void otherChunksAreNotParsed(String data) {
		assertThat(TextChunk.read(data)).isNull();
	}

}
