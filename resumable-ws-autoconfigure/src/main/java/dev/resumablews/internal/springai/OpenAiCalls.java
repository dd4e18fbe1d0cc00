package dev.resumablews.internal.springai;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

import okhttp3.Interceptor;
import okhttp3.Request;
import okhttp3.Response;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.http.okhttp.OpenAiHttpClientBuilderCustomizer;
import org.springframework.ai.openai.http.okhttp.SpringAiOpenAiHttpClient;

/**
 * Calls Spring AI's OpenAI model for replies. An interceptor identifies the requests of
 * replies by a header, which it removes. Other requests of the application are
 * unaffected. For the requests of replies:
 * <ul>
 * <li>the client's total and read time-outs are disabled, because the limits of replies
 * apply;
 * <li>a cancellation closes the HTTP connection immediately. Spring AI closes the
 * response's reader, which waits until the server sends data, and has no effect before
 * the response begins;
 * <li>an {@link OpenAiEventSource} reads the response, and sends its text without the
 * client if possible.
 * </ul>
 * Safe for use by many threads.
 */
final class OpenAiCalls implements ModelCalls, OpenAiHttpClientBuilderCustomizer {

	private static final String HEADER = "X-Resumable-Ws-Reply";

	private final Map<String, OpenAiCall> running = new ConcurrentHashMap<>();

	/**
	 * Whether any client has the interceptor. A model built by the application may not
	 * have it.
	 */
	private volatile boolean installed;

	@Override
	public void customize(SpringAiOpenAiHttpClient.Builder builder) {
		builder.interceptor(this::intercept);
		this.installed = true;
	}

	@Override
	public Flux<ChatClientResponse> stream(ChatClientRequest request, StreamAdvisorChain chain, Runnable alive) {
		if (!this.installed || !(request.prompt().getOptions() instanceof OpenAiChatOptions options)) {
			return chain.nextStream(request);
		}
		return Flux.create((responses) -> {
			String id = UUID.randomUUID().toString();
			DirectText directText = new DirectText(responses);
			OpenAiCall call = new OpenAiCall(alive, directText);
			this.running.put(id, call);
			responses.onDispose(() -> this.running.remove(id));
			Disposable.Swap client = Disposables.swap();
			responses.onCancel(() -> {
				// before the client, which may wait for the call
				call.cancel();
				client.dispose();
			});
			client.update(chain.nextStream(withId(request, options, id))
				.contextWrite(responses.contextView())
				.subscribe(directText::receive, responses::error, responses::complete));
		});
	}

	private Response intercept(Interceptor.Chain chain) throws IOException {
		Request request = chain.request();
		String id = request.header(HEADER);
		if (id == null) {
			return chain.proceed(request);
		}
		Request plain = request.newBuilder().removeHeader(HEADER).build();
		OpenAiCall call = this.running.get(id);
		return (call != null) ? call.proceed(chain, plain) : OpenAiCall.emptyResponse(plain);
	}

	private static ChatClientRequest withId(ChatClientRequest request, OpenAiChatOptions options, String id) {
		Map<String, String> headers = new HashMap<>();
		if (options.getCustomHeaders() != null) {
			headers.putAll(options.getCustomHeaders());
		}
		headers.put(HEADER, id);
		OpenAiChatOptions changed = options.mutate().customHeaders(headers).timeout(Duration.ZERO).build();
		return request.mutate().prompt(request.prompt().mutate().chatOptions(changed).build()).build();
	}

}
