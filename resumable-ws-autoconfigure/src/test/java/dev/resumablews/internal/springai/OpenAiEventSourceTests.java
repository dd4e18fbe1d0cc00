package dev.resumablews.internal.springai;

import java.io.IOException;
import java.util.List;

import okio.Buffer;
import okio.BufferedSource;
import okio.Okio;
import org.junit.jupiter.api.Test;

import static dev.resumablews.internal.springai.OpenAiReplies.DONE;
import static dev.resumablews.internal.springai.OpenAiReplies.STOP;
import static dev.resumablews.internal.springai.OpenAiReplies.chunk;
import static dev.resumablews.internal.springai.OpenAiReplies.event;
import static dev.resumablews.internal.springai.OpenAiReplies.text;
import static org.assertj.core.api.Assertions.assertThat;

class OpenAiEventSourceTests {

	private final OpenAiCall call = new OpenAiCall(() -> {
	}, new DirectText(new RecordedResponses().sink()));

	@Test
	void textsReceivedTogetherAreJoinedIntoOneChunk() throws IOException {
		assertThat(events(text("Hel") + text("lo") + text(", you") + STOP + DONE)).hasSize(2)
			.element(0)
			.asString()
			.contains("\"content\":\"Hello, you\"");
	}

	@Test
	void theOrderOfOtherChunksIsKept() throws IOException {
		String toolCall = event(chunk("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}", "null"));
		List<String> events = events(text("a") + text("b") + toolCall + text("c") + STOP + text("d") + DONE);
		assertThat(events).hasSize(5);
		assertThat(events.get(0)).contains("\"content\":\"ab\"");
		assertThat(events.get(1)).contains("tool_calls");
		assertThat(events.get(2)).contains("\"content\":\"c\"");
		assertThat(events.get(3)).contains("\"finish_reason\":\"stop\"");
		assertThat(events.get(4)).contains("\"content\":\"d\"");
	}

	@Test
	void aChunkWithAnotherEnvelopeIsNotJoined() throws IOException {
		assertThat(events(text("a") + text("b").replace("\"id\":\"c\"", "\"id\":\"d\"") + STOP)).hasSize(3);
	}

	@Test
	void aRepairedChunkGetsTheIdOfThePreviousText() throws IOException {
		assertThat(events(text("a") + event("{\"choices\":[{\"finish_reason\":\"stop\"}]}")).get(1))
			.contains("\"id\":\"c\"", "\"model\":\"m\"");
	}

	private List<String> events(String received) throws IOException {
		try (BufferedSource source = Okio
			.buffer(new OpenAiEventSource(new Buffer().writeUtf8(received), null, this.call))) {
			return List.of(source.readUtf8().split("\n\n"));
		}
	}

}
