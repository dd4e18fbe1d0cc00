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

	private final RecordedResponses responses = new RecordedResponses();

	private final DirectText text = new DirectText(this.responses.sink());

	@Test
	void textIsNotSentBeforeTheClientHasRespondedToText() {
		assertThat(this.text.send(HEAD, "a")).isFalse();
		this.text.passesText(HEAD, 1);
		assertThat(this.text.send(HEAD, "b")).isFalse();
		this.text.receive(response("a"));
		assertThat(this.text.send(HEAD, "b")).isTrue();
		assertThat(this.responses.texts()).containsExactly("a", "b");
	}

	@Test
	void textIsNotSentBeforeTheClientHasRespondedToAllText() {
		this.text.passesText(HEAD, 1);
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		assertThat(this.text.send(HEAD, "c")).isFalse();
		this.text.receive(response("b"));
		assertThat(this.text.send(HEAD, "c")).isTrue();
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
	void textAfterSomethingElseWaitsForTheClient() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		this.text.passesOther();
		assertThat(this.text.send(HEAD, "b")).isFalse();
		this.text.passesText(HEAD, 1);
		this.text.receive(response(""));
		assertThat(this.text.send(HEAD, "c")).isFalse();
		this.text.receive(response("b"));
		assertThat(this.text.send(HEAD, "c")).isTrue();
	}

	@Test
	void aLateResponseToTextBeforeSomethingElseDoesNotReleaseTheTextAfterIt() {
		this.text.passesText(HEAD, 1);
		this.text.passesOther();
		this.text.receive(response("a"));
		assertThat(this.text.send(HEAD, "b")).isFalse();
	}

	@Test
	void textOfAnotherKindWaitsForTheClient() {
		this.text.passesText(HEAD, 1);
		this.text.receive(response("a"));
		assertThat(this.text.send(new TextChunk.Head("d", 1, "m", null, null, null), "b")).isFalse();
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
	void aResponseWithMoreThanTextIsNoPattern() {
		AssistantMessage message = AssistantMessage.builder()
			.content("a")
			.toolCalls(List.of(new ToolCall("1", "function", "clock", "{}")))
			.build();
		this.text.passesText(HEAD, 1);
		this.text.receive(
				new ChatClientResponse(new ChatResponse(List.of(new Generation(message))), Map.of("key", "value")));
		assertThat(this.text.send(HEAD, "b")).isFalse();
	}

}
