package dev.resumablews.internal.springai;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.core.Ordered;

/**
 * Ends each call of the model with its finish reason. It is the last advisor before the
 * model, so it sees every call, including those after a tool call. After the finish
 * reason, it waits a short time for token counts. An error or a stream that stays open
 * does not affect a complete answer.
 */
final class ModelCallAdvisor implements StreamAdvisor {

	/**
	 * Time without a response after which a call with a finish reason ends. Slightly
	 * longer than {@link OpenAiEventSource#END_WAIT}, which ends the stream without a
	 * cancellation.
	 */
	private static final Duration END_WAIT = Duration.ofSeconds(3);

	private static final Log logger = LogFactory.getLog(ModelCallAdvisor.class);

	private final ModelCalls calls;

	private final ModelAnswer answer;

	private final Runnable alive;

	ModelCallAdvisor(ModelCalls calls, ModelAnswer answer, Runnable alive) {
		this.calls = calls;
		this.answer = answer;
		this.alive = alive;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
		this.answer.callBegins();
		AtomicBoolean ended = new AtomicBoolean();
		return this.calls.stream(request, chain, this.alive)
			.doOnNext((response) -> ended.set(ends(response.chatResponse(), ended.get())))
			.timeout(Mono.never(), (response) -> ended.get() ? Mono.delay(END_WAIT) : Mono.never(), Flux.empty())
			.onErrorResume((failure) -> ended.get(), (failure) -> {
				logger.debug("Ignored a failure after the end of the model's answer", failure);
				return Flux.empty();
			});
	}

	/**
	 * Returns whether the call has ended. Some models send a finish reason with every
	 * response, so text without a reason shows that the answer continues.
	 */
	private static boolean ends(@Nullable ChatResponse response, boolean ended) {
		return ModelAnswer.finishReason(response) != null || (ended && ModelAnswer.text(response).isEmpty());
	}

	@Override
	public String getName() {
		return "resumable-ws";
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE - 1;
	}

}
