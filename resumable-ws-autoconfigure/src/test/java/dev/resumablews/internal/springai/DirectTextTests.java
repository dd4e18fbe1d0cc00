package dev.resumablews.internal.springai;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

import static dev.resumablews.internal.springai.RecordedResponses.response;
import static org.assertj.core.api.Assertions.assertThat;

class DirectTextTests {

	private static final TextChunk.Head HEAD = new TextChunk.Head("c", 1, "m", null, null, null);

	private static final TextChunk.Head OTHER_HEAD = new TextChunk.Head("d", 1, "m", null, null, null);

	private final RecordedResponses responses = new RecordedResponses();

	private final DirectText text = new DirectText(this.responses.sink());

	@Test
	void theFirstTextGoesThroughTheClient() {
		assertThat(this.text.send(HEAD, "a")).isFalse();
	}

	@Test
	void textWaitsForTheResponseToTheFirst() {
		this.text.passesText(HEAD, 1);
		assertThat(this.text.send(HEAD, "b")).isTrue();
		assertThat(this.text.send(HEAD, "c")).isTrue();
		assertThat(this.responses.texts()).isEmpty();
		this.text.receive(response("a"));
		assertThat(this.text.send(HEAD, "d")).isTrue();
		assertThat(this.responses.texts()).containsExactly("a", "bc", "d");
	}

	@Test
	void textWaitsForTheResponseToAllText() {
		this.text.passesText(HEAD, 2);
		this.text.receive(response("a"));
		this.text.send(HEAD, "c");
		assertThat(this.responses.texts()).containsExactly("a");
		this.text.receive(response("b"));
		assertThat(this.responses.texts()).containsExactly("a", "b", "c");
	}

	@Test
	void textThatArrivesWhileWaitingTextIsSentFollowsIt() {
		this.responses.onResponse((text) -> {
			if (text.equals("b")) {
				assertThat(this.text.send(HEAD, "c")).isTrue();
			}
		});
		this.text.passesText(HEAD, 1);
		this.text.send(HEAD, "b");
		this.text.receive(response("a"));
		assertThat(this.responses.texts()).containsExactly("a", "b", "c");
	}

	@Test
	void emptyTextDoesNotBeginASequence() {
		this.text.passesText(HEAD, 0);
		assertThat(this.text.send(HEAD, "a")).isFalse();
	}

	@Test
	void aSentResponseEqualsThatOfTheClientExceptForItsText() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		this.text.send(HEAD, "b");
		assertThat(this.responses.all().get(1)).usingRecursiveComparison().isEqualTo(response("b"));
	}

	@Test
	void aChangeThatAnAdvisorMakesToAResponseDoesNotShowInTheNextOne() {
		this.text.passesText(HEAD, 2);
		this.text.receive(response("a"));
		this.text.receive(response("b"));
		this.text.send(HEAD, "c");
		this.responses.all().get(2).context().put("key", "other");
		this.text.send(HEAD, "d");
		assertThat(this.responses.all().get(3).context()).isEqualTo(Map.of("key", "value"));
	}

	@Test
	void theFirstTextAfterSomethingElseGoesThroughTheClient() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		this.text.passesOther();
		assertThat(this.text.send(HEAD, "b")).isFalse();
		this.text.passesText(HEAD, 1);
		this.text.send(HEAD, "c");
		this.text.receive(response(""));
		this.text.receive(response("b"));
		assertThat(this.responses.texts()).containsExactly("a", "", "b", "c");
	}

	@Test
	void aLateResponseDoesNotReleaseTheTextAfterSomethingElse() {
		this.text.passesText(HEAD, 1);
		this.text.passesOther();
		this.text.passesText(HEAD, 1);
		this.text.send(HEAD, "c");
		this.text.receive(response("a"));
		assertThat(this.responses.texts()).containsExactly("a");
		this.text.receive(response("b"));
		assertThat(this.responses.texts()).containsExactly("a", "b", "c");
	}

	@Test
	void theFirstTextOfAnotherKindGoesThroughTheClient() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		assertThat(this.text.send(OTHER_HEAD, "b")).isFalse();
	}

	@Test
	void waitingTextThatTheClientGetsIsNotSentTwice() {
		this.text.passesText(HEAD, 1);
		this.text.send(HEAD, "b");
		this.text.send(HEAD, "c");
		this.text.repeatsText(2);
		this.text.passesText(OTHER_HEAD, 1);
		this.text.send(OTHER_HEAD, "e");
		this.text.receive(response("a"));
		this.text.receive(response("bc"));
		this.text.receive(response("d"));
		assertThat(this.responses.texts()).containsExactly("a", "bc", "d", "e");
	}

	@Test
	void onlyTheWaitingEndOfARepeatedTextIsPassedOn() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		this.text.send(HEAD, "b");
		this.text.repeatsText(1);
		this.text.passesText(HEAD, 1);
		this.text.send(HEAD, "d");
		this.text.repeatsText(1);
		this.text.receive(response("bcd"));
		assertThat(this.responses.texts()).containsExactly("a", "b", "cd");
	}

	@Test
	void theClientsResponseToSentTextIsDropped() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		this.text.send(HEAD, "b");
		this.text.send(HEAD, "c");
		this.text.repeatsText(2);
		this.text.passesText(HEAD, 1);
		this.text.receive(response("bc"));
		this.text.receive(response("d"));
		assertThat(this.responses.texts()).containsExactly("a", "b", "c", "d");
	}

	@Test
	void onlyTheSentPartOfAResponseIsDropped() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		this.text.send(HEAD, "bc");
		this.text.repeatsText(2);
		this.text.passesText(HEAD, 1);
		this.text.receive(response("b"));
		this.text.receive(response("cd"));
		assertThat(this.responses.texts()).containsExactly("a", "bc", "d");
		assertThat(this.text.send(HEAD, "e")).isTrue();
	}

	@Test
	void aToolCallInAResponseToSentTextIsPassedOn() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		this.text.send(HEAD, "b");
		this.text.repeatsText(1);
		this.text.receive(toolCall("b"));
		assertThat(this.responses.texts()).containsExactly("a", "b", "");
		assertThat(this.responses.all().get(2).chatResponse().getResult().getOutput().hasToolCalls()).isTrue();
	}

	@Test
	void aSentResponseHasNoToolCallOfTheOneBeforeIt() {
		this.text.passesText(HEAD, 1);
		this.text.receive(toolCall("a"));
		this.text.send(HEAD, "b");
		assertThat(this.responses.all().get(1)).usingRecursiveComparison().isEqualTo(response("b"));
	}

	private static ChatClientResponse toolCall(String text) {
		ChatClientResponse response = response(text);
		AssistantMessage message = AssistantMessage.builder()
			.content(text)
			.properties(Map.of("id", "c"))
			.toolCalls(List.of(new ToolCall("1", "function", "clock", "{}")))
			.build();
		return new ChatClientResponse(new ChatResponse(List.of(new Generation(message))), response.context());
	}

}
