package dev.resumablews.benchmarks.server;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;

import com.fasterxml.jackson.module.blackbird.BlackbirdModule;
import com.openai.client.OpenAIClientAsync;
import com.openai.client.OpenAIClientAsyncImpl;
import com.openai.core.ClientOptions;
import com.openai.core.ObjectMappers;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.http.okhttp.SpringAiOpenAiHttpClient;

/**
 * Ways to call a model that speaks OpenAI's streaming API. They differ in one part each,
 * so that the cost of that part can be measured.
 */
final class ModelTokens {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final String DATA = "data: {";

	private final OpenAiChatOptions options;

	private final String baseUrl;

	/**
	 * Creates an instance.
	 * @param baseUrl address of the API
	 */
	ModelTokens(String baseUrl) {
		this.baseUrl = baseUrl;
		this.options = OpenAiChatOptions.builder().baseUrl(baseUrl).apiKey("none").build();
	}

	/**
	 * Returns the tokens of a model.
	 * @param path the way to call the model: {@code client} for Spring AI's chat client;
	 * {@code client-without-tools} for the client without the advisor that calls tools;
	 * {@code client-observed} for the client with metrics; {@code model} for Spring AI's
	 * chat model; {@code model-blackbird} for the model with Jackson's module that
	 * generates accessors; {@code http} for the HTTP client of the JDK
	 */
	TokenSource tokens(String path) {
		return switch (path) {
			case "client" -> client(ChatClient.create(model(ObservationRegistry.NOOP)), true);
			case "client-without-tools" -> client(ChatClient.create(model(ObservationRegistry.NOOP)), false);
			case "client-observed" -> {
				ObservationRegistry registry = ObservationRegistry.create();
				registry.observationConfig()
					.observationHandler(new DefaultMeterObservationHandler(new SimpleMeterRegistry()));
				yield client(ChatClient.create(model(registry), registry), true);
			}
			case "model" -> model(model(ObservationRegistry.NOOP));
			case "model-blackbird" ->
				model(OpenAiChatModel.builder().options(this.options).openAiClientAsync(blackbird()).build());
			case "http" -> http(HttpClient.newHttpClient());
			default -> throw new IllegalArgumentException(
					"benchmarks.spring-ai is '%s' but must be client, client-without-tools, client-observed, model, model-blackbird or http"
						.formatted(path));
		};
	}

	private ChatModel model(ObservationRegistry registry) {
		return OpenAiChatModel.builder().options(this.options).observationRegistry(registry).build();
	}

	private OpenAIClientAsync blackbird() {
		com.fasterxml.jackson.databind.json.JsonMapper mapper = ObjectMappers.jsonMapper().copy();
		mapper.registerModule(new BlackbirdModule());
		return new OpenAIClientAsyncImpl(ClientOptions.builder()
			.httpClient(SpringAiOpenAiHttpClient.builder().build())
			.baseUrl(this.baseUrl)
			.apiKey("none")
			.jsonMapper(mapper)
			.build());
	}

	private static TokenSource client(ChatClient client, boolean tools) {
		// a message, because the client treats a user text as a template
		return (content) -> client.prompt()
			.messages(new UserMessage(content))
			.advisors((advisors) -> advisors.param(ChatClientAttributes.TOOL_CALLING_ADVISOR_AUTO_REGISTER.getKey(),
					tools))
			.stream()
			.content();
	}

	private static TokenSource model(ChatModel model) {
		return (content) -> model.stream(new Prompt(new UserMessage(content)))
			.mapNotNull(
					(response) -> (response.getResult() != null) ? response.getResult().getOutput().getText() : null);
	}

	private TokenSource http(HttpClient client) {
		return (content) -> Flux.create((sink) -> {
			Map<String, Object> body = Map.of("model", "gpt", "stream", true, "messages",
					List.of(Map.of("role", "user", "content", content)));
			HttpRequest request = HttpRequest.newBuilder(URI.create(this.baseUrl + "/chat/completions"))
				.header("Content-Type", "application/json")
				.POST(BodyPublishers.ofString(JSON.writeValueAsString(body)))
				.build();
			client.sendAsync(request, BodyHandlers.fromLineSubscriber(new Lines(sink)))
				.whenComplete((response, failure) -> {
					if (failure != null) {
						sink.error(failure);
					}
				});
		});
	}

	/**
	 * Passes the texts of server-sent events on.
	 */
	private record Lines(FluxSink<String> sink) implements Flow.Subscriber<String> {

		@Override
		public void onSubscribe(Flow.Subscription subscription) {
			subscription.request(Long.MAX_VALUE);
		}

		@Override
		public void onNext(String line) {
			String text = text(line);
			if (text != null) {
				this.sink.next(text);
			}
		}

		@Override
		public void onError(Throwable failure) {
			this.sink.error(failure);
		}

		@Override
		public void onComplete() {
			this.sink.complete();
		}

		private static @Nullable String text(String line) {
			return line.startsWith(DATA) ? JSON.readTree(line.substring(DATA.length() - 1))
				.path("choices")
				.path(0)
				.path("delta")
				.path("content")
				.stringValue(null) : null;
		}

	}

}
