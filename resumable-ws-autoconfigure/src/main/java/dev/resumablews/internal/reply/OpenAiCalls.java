package dev.resumablews.internal.reply;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

import okhttp3.Call;
import okhttp3.Interceptor;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SignalType;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.http.okhttp.OpenAiHttpClientBuilderCustomizer;
import org.springframework.ai.openai.http.okhttp.SpringAiOpenAiHttpClient;
import org.springframework.core.Ordered;

/**
 * Closes the HTTP stream of a cancelled reply. Spring AI 2.0's OpenAI model forgets a
 * cancelled stream but reads it to its end, and each token of it is paid for. So a
 * reply's request carries the reply's id in a header, by which its call is found; the
 * header does not leave this JVM. Safe for use by many threads.
 */
final class OpenAiCalls implements GeneratorCalls, OpenAiHttpClientBuilderCustomizer, Interceptor {

	private static final String HEADER = "X-Resumable-Ws-Reply";

	private final Map<String, RunningCall> running = new ConcurrentHashMap<>();

	@Override
	public Flux<ChatResponse> stream(UUID messageId, ChatClient.ChatClientRequestSpec prompt) {
		String id = messageId.toString();
		return Flux.defer(() -> {
			RunningCall call = new RunningCall();
			this.running.put(id, call);
			return prompt.advisors(new HeaderAdvisor(id)).stream().chatResponse().doFinally((signal) -> {
				this.running.remove(id);
				if (signal == SignalType.CANCEL) {
					call.cancel();
				}
			});
		});
	}

	@Override
	public void customize(SpringAiOpenAiHttpClient.Builder builder) {
		builder.interceptor(this);
	}

	@Override
	public Response intercept(Chain chain) throws IOException {
		Request request = chain.request();
		String id = request.header(HEADER);
		if (id == null) {
			return chain.proceed(request);
		}
		RunningCall call = this.running.get(id);
		if (call == null) {
			throw new IOException("The reply was cancelled before it was asked for");
		}
		call.is(chain.call());
		return chain.proceed(request.newBuilder().removeHeader(HEADER).build());
	}

	/**
	 * The call that a reply reads from; a retry or a tool's answer makes another one.
	 */
	private static final class RunningCall {

		private @Nullable Call call;

		private boolean cancelled;

		synchronized void is(Call call) {
			this.call = call;
			if (this.cancelled) {
				call.cancel();
			}
		}

		synchronized void cancel() {
			this.cancelled = true;
			if (this.call != null) {
				this.call.cancel();
			}
		}

	}

	/**
	 * Adds the header to whatever other headers the application has set.
	 *
	 * @param id the header's value
	 */
	private record HeaderAdvisor(String id) implements StreamAdvisor {

		@Override
		public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
			if (request.prompt().getOptions() instanceof OpenAiChatOptions options) {
				Map<String, String> headers = new HashMap<>();
				if (options.getCustomHeaders() != null) {
					headers.putAll(options.getCustomHeaders());
				}
				headers.put(HEADER, this.id);
				OpenAiChatOptions withHeader = options.mutate().customHeaders(headers).build();
				return chain.nextStream(
						request.mutate().prompt(request.prompt().mutate().chatOptions(withHeader).build()).build());
			}
			return chain.nextStream(request);
		}

		@Override
		public String getName() {
			return "resumable-ws";
		}

		@Override
		public int getOrder() {
			return Ordered.HIGHEST_PRECEDENCE;
		}

	}

}
