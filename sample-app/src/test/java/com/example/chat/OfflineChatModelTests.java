package com.example.chat;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

class OfflineChatModelTests {

	private final OfflineChatModel model = new OfflineChatModel(Duration.ofMillis(1));

	@Test
	void itSaysWhatItIsAndHowToGetTheRealOne() {
		assertThat(this.model.call("Hello")).contains("“Hello”", "stand-in", "OPENAI_API_KEY", "first message");
	}

	@Test
	void itKnowsThatTheConversationGoesOn() {
		Prompt prompt = new Prompt(
				List.of(new UserMessage("Hello"), new AssistantMessage("Yes?"), new UserMessage("You")));

		assertThat(text(this.model.call(prompt))).contains("“You”", "message number 2");
	}

	@Test
	void itStreamsTheSameWordByWord() {
		Prompt prompt = new Prompt("Hello");

		List<ChatResponse> parts = this.model.stream(prompt).collectList().block(Duration.ofSeconds(10));

		assertThat(parts).hasSizeBetween(50, 150);
		assertThat(String.join("", parts.stream().map(OfflineChatModelTests::text).toList()))
			.isEqualTo(text(this.model.call(prompt)));
		assertThat(parts.get(parts.size() - 1).getResult().getMetadata().getFinishReason()).isEqualTo("stop");
	}

	@Test
	void aLongMessageIsQuotedInPartWithoutBreakingACharacter() {
		assertThat(this.model.call("😀".repeat(200))).contains("“" + "😀".repeat(120) + "…”");
	}

	@Test
	void whatLooksLikeAFormatIsLeftAlone() {
		assertThat(this.model.call("100%s %d")).contains("“100%s %d”");
	}

	private static String text(ChatResponse response) {
		return String.valueOf(response.getResult().getOutput().getText());
	}

}
