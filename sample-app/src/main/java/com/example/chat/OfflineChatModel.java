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

/**
 * Stands in for a language model where there is no key for one: knows nothing, says so,
 * and says it word by word, so that there is something to interrupt.
 */
final class OfflineChatModel implements ChatModel {

	private static final int QUOTED = 120;

	private final Duration wordInterval;

	/**
	 * Creates the model.
	 * @param wordInterval time between two words
	 */
	OfflineChatModel(Duration wordInterval) {
		this.wordInterval = wordInterval;
	}

	@Override
	public ChatResponse call(Prompt prompt) {
		return new ChatResponse(List.of(last(answer(prompt))));
	}

	@Override
	public Flux<ChatResponse> stream(Prompt prompt) {
		// splits before each space or line, so that the pieces put together are the
		// answer
		return Flux.fromArray(answer(prompt).split("(?<=\\S)(?=\\s)"))
			.delayElements(this.wordInterval)
			.map((word) -> new Generation(new AssistantMessage(word)))
			.concatWithValues(last(""))
			.map((generation) -> new ChatResponse(List.of(generation)));
	}

	private static Generation last(String text) {
		return new Generation(new AssistantMessage(text),
				ChatGenerationMetadata.builder().finishReason("stop").build());
	}

	private static String answer(Prompt prompt) {
		return """
				You said: “%s”. That is %s in this conversation. I would love to have an opinion on it, but \
				I am a **stand-in**: there is no language model behind me, only this text, which I give you word by word.

				To talk to a real one, start the application with a key, or with `--spring.ai.openai.base-url` for any \
				server that speaks OpenAI's API:

				```sh
				OPENAI_API_KEY=sk-… java -jar sample-app/target/sample-app.jar
				```

				Until then I am good for one thing. While I am talking, *break something*:

				- reload the page, or open it in a second tab
				- switch off the network, or make it slow
				- kill the server and start it again

				Every word I have said is in Postgres, and you will get each of them once, in order, and nothing twice."""
			.formatted(quote(prompt), count(prompt));
	}

	private static String quote(Prompt prompt) {
		String text = prompt.getUserMessage().getText().strip().replaceAll("\\s+", " ");
		int end = text.offsetByCodePoints(0, Math.min(QUOTED, text.codePointCount(0, text.length())));
		return (end < text.length()) ? text.substring(0, end) + "…" : text;
	}

	private static String count(Prompt prompt) {
		int messages = prompt.getUserMessages().size();
		return (messages == 1) ? "your first message" : "message number " + messages + " of yours";
	}

}
