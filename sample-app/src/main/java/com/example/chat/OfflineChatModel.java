package com.example.chat;

import java.time.Duration;
import java.util.List;

import reactor.core.publisher.Flux;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.Assert;

/**
 * Simulates a language model if none is configured. Streams a few fixed texts word by
 * word, slowly enough to interrupt them.
 */
final class OfflineChatModel implements ChatModel {

	static final String PROPERTY = "chat.stand-in.word-interval";

	private final StandInAnswers answers = new StandInAnswers();

	private final Duration wordInterval;

	/**
	 * Creates the model.
	 * @param wordInterval time between two words
	 */
	OfflineChatModel(Duration wordInterval) {
		Assert.isTrue(!wordInterval.isNegative(), () -> PROPERTY + " must not be negative, but is " + wordInterval);
		this.wordInterval = wordInterval;
	}

	@Override
	public ChatResponse call(Prompt prompt) {
		return new ChatResponse(List.of(last(this.answers.to(prompt))));
	}

	@Override
	public Flux<ChatResponse> stream(Prompt prompt) {
		// splits before each space or line, so that the joined pieces equal the answer
		return Flux.fromArray(this.answers.to(prompt).split("(?<=\\S)(?=\\s)"))
			.delayElements(this.wordInterval)
			.map((word) -> new Generation(new AssistantMessage(word)))
			.concatWithValues(last(""))
			.map((generation) -> new ChatResponse(List.of(generation)));
	}

	private static Generation last(String text) {
		return new Generation(new AssistantMessage(text),
				ChatGenerationMetadata.builder().finishReason("stop").build());
	}

}
