package dev.resumablews.internal.reply;

import java.util.UUID;

import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Closes what a chat model reads from when its reply is cancelled, for models that do not
 * do so themselves.
 */
@FunctionalInterface
interface GeneratorCalls {

	/**
	 * Streams the answer to a prompt.
	 * @param messageId the reply
	 * @param prompt the prompt
	 * @return the answer; cancelling it closes the model's HTTP stream
	 */
	Flux<ChatResponse> stream(UUID messageId, ChatClient.ChatClientRequestSpec prompt);

}
