package dev.resumablews.internal.springai;

import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;

/**
 * Strategy that calls a chat model for a reply. Some models need adaptations to support
 * replies.
 */
@FunctionalInterface
interface ModelCalls {

	/**
	 * Calls the model without adaptations.
	 */
	ModelCalls PLAIN = (request, chain, alive) -> chain.nextStream(request);

	/**
	 * Calls the model once. A reply calls it again with the result of a tool.
	 * @param request the request
	 * @param chain the rest of the chain, which calls the model
	 * @param alive run when the model sends anything that is not a response
	 * @return the responses
	 */
	Flux<ChatClientResponse> stream(ChatClientRequest request, StreamAdvisorChain chain, Runnable alive);

}
