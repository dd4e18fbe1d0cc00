package dev.resumablews.internal.springai;

import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;

/**
 * Strategy that calls a chat model for a reply. Some models need more than a call to
 * behave as a reply needs them to.
 */
@FunctionalInterface
interface ModelCalls {

	/**
	 * Calls the model and adds nothing.
	 */
	ModelCalls PLAIN = (request, chain, alive) -> chain.nextStream(request);

	/**
	 * Calls the model once. A reply calls it again for the result of a tool.
	 * @param request the request
	 * @param chain the rest of the chain, which calls the model
	 * @param alive to be run when the model gives a sign of life that is no response
	 * @return the responses
	 */
	Flux<ChatClientResponse> stream(ChatClientRequest request, StreamAdvisorChain chain, Runnable alive);

}
