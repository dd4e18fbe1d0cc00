package dev.resumablews.internal.springai;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.testing.Gate;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiExchange;
import dev.resumablews.testing.OpenAiExchange.End;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

import org.springframework.ai.chat.client.ChatClientBuilderCustomizer;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.Ordered;

import static dev.resumablews.internal.springai.OpenAiReplies.DONE;
import static dev.resumablews.internal.springai.OpenAiReplies.EVENT_STREAM;
import static dev.resumablews.internal.springai.OpenAiReplies.STOP;
import static dev.resumablews.internal.springai.OpenAiReplies.USAGE;
import static dev.resumablews.internal.springai.OpenAiReplies.chunk;
import static dev.resumablews.internal.springai.OpenAiReplies.event;
import static dev.resumablews.internal.springai.OpenAiReplies.text;
import static dev.resumablews.internal.springai.OpenAiReplies.warnings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests replies of the OpenAI model of Spring AI: their course, limits and cancellation.
 */
@ExtendWith(OutputCaptureExtension.class)
class OpenAiReplyTests {

	private static final Duration AT_MOST = Duration.ofSeconds(20);

	private static final String TOOL_CALL = event(chunk("{\"role\":\"assistant\",\"tool_calls\":[{\"index\":0,"
			+ "\"id\":\"call-1\",\"type\":\"function\",\"function\":{\"name\":\"clock\",\"arguments\":\"{}\"}}]}",
			"null")) + event(chunk("{}", "\"tool_calls\"")) + DONE;

	private static String url;

	private OpenAiReplies model;

	@BeforeAll
	static void createDatabase() {
		url = TestLog.createDatabase();
	}

	@BeforeEach
	void start() {
		this.model = new OpenAiReplies(url);
	}

	@AfterEach
	void stop() {
		this.model.close();
	}

	@Test
	void theModelsAnswerIsStreamedAndKeptWithReasonAndUsage() {
		Gate gate = new Gate();
		this.model.stub().answer(OpenAiAnswer.of("Hel", "lo").pacedBy(gate));
		this.model
			.with("spring.ai.openai.chat.custom-headers.X-Mine=yes", "resumable-ws.reply.system-prompt=Be brief.",
					"spring.ai.openai.chat.stream-usage=true")
			.run((replies) -> {
				this.model.say(replies);
				gate.release(1);
				await().until(() -> this.model.text().equals("Hel"));
				gate.open();
				JsonNode message = this.model.await("assistant_message");
				assertThat(message.path("content").asString()).isEqualTo("Hello");
				assertThat(message.path("finish_reason").asString()).isEqualTo("stop");
				assertThat(message.path("usage").path("total_tokens").asLong()).isEqualTo(9);
				OpenAiExchange exchange = this.model.stub().awaitExchange(AT_MOST);
				assertThat(exchange.messages()).extracting(OpenAiExchange.Message::content)
					.containsExactly("Be brief.", "Hi");
				assertThat(exchange.headers()).contains("x-mine")
					.isNotEmpty()
					.noneMatch((name) -> name.contains("resumable"));
				assertThat(exchange.awaitEnd(AT_MOST)).isEqualTo(End.COMPLETED);
			});
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void aCancelledReplyClosesItsHttpConnection(String when, OpenAiAnswer answer, int pieces) {
		this.model.stub().answer(answer);
		this.model.run((replies) -> {
			this.model.say(replies);
			OpenAiExchange exchange = this.model.stub().awaitExchange(AT_MOST);
			await().until(() -> exchange.piecesSent() >= pieces);
			if (pieces > 0) {
				await().until(() -> !this.model.text().isEmpty());
			}
			assertThat(this.model.cancel(replies)).isTrue();
			assertThat(exchange.awaitEnd(AT_MOST)).isEqualTo(End.ABORTED_BY_CLIENT);
			assertThat(this.model.await("assistant_message").path("finish_reason").asString()).isEqualTo("cancelled");
			assertThat(this.model.stub().exchanges()).hasSize(1);
		});
	}

	static Stream<Arguments> aCancelledReplyClosesItsHttpConnection() {
		return Stream.of(Arguments.of("before the response begins", OpenAiAnswer.silence(), 0),
				Arguments.of("before the first piece", OpenAiAnswer.of("Hello").stallingAfter(0), 0),
				Arguments.of("between pieces", OpenAiAnswer.ofPieces(1000).pacedBy(Duration.ofMillis(20)), 3),
				Arguments.of("while the model is silent", OpenAiAnswer.ofPieces(10).stallingAfter(3), 3));
	}

	@Test
	void aReplyCancelledBeforeARetrySendsNoRequest() {
		this.model.stub().answer(OpenAiAnswer.error(500).retryAfter("2"));
		this.model.run((replies) -> {
			this.model.say(replies);
			this.model.stub().awaitExchange(AT_MOST).awaitEnd(AT_MOST);
			assertThat(this.model.cancel(replies)).isTrue();
			this.model.await("assistant_message");
			await().during(Duration.ofSeconds(3))
				.atMost(AT_MOST)
				.until(() -> this.model.stub().exchanges().size() == 1);
		});
	}

	@Test
	void aReplyCancelledWhileAToolsResultIsReadClosesItsHttpConnection() {
		this.model.stub().answer(OpenAiAnswer.ofPieces(10).stallingAfter(3));
		this.model.stub().answerNext(OpenAiAnswer.raw(EVENT_STREAM, List.of(TOOL_CALL)));
		withTool(() -> "noon").run((replies) -> {
			this.model.say(replies);
			assertThat(this.model.stub().awaitExchange(AT_MOST).awaitEnd(AT_MOST)).isEqualTo(End.COMPLETED);
			OpenAiExchange second = this.model.stub().awaitExchange(AT_MOST);
			await().until(() -> !this.model.text().isEmpty());
			assertThat(this.model.cancel(replies)).isTrue();
			assertThat(second.awaitEnd(AT_MOST)).isEqualTo(End.ABORTED_BY_CLIENT);
		});
	}

	@Test
	void aSlowToolCallDoesNotEndTheReply() {
		this.model.answerRaw(text("It is noon"), STOP, DONE);
		this.model.stub()
			.answerNext(OpenAiAnswer.raw(EVENT_STREAM, List.of(text("Let me see. "), TOOL_CALL)).stallingAtTheEnd());
		CountDownLatch never = new CountDownLatch(1);
		withTool(() -> {
			try {
				never.await(6, TimeUnit.SECONDS);
				return "noon";
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}).run((replies) -> {
			JsonNode message = this.model.ask(replies, "assistant_message");
			assertThat(message.path("content").asString()).isEqualTo("Let me see. It is noon");
			assertThat(message.path("finish_reason").asString()).isEqualTo("stop");
		});
	}

	@ParameterizedTest
	@ValueSource(ints = { 400, 1500 })
	void theTimeoutOfTheProvidersClientDoesNotCutAReply(int pause) {
		this.model.stub().answer(OpenAiAnswer.ofPieces(3000 / pause + 1).pacedBy(Duration.ofMillis(pause)));
		withClientTimeout().run((replies) -> {
			JsonNode message = this.model.ask(replies, "assistant_message");
			assertThat(message.path("finish_reason").asString()).isEqualTo("stop");
			assertThat(this.model.stub().exchanges()).hasSize(1);
		});
	}

	@Test
	void aLateResponseIsNotRequestedAgain() {
		CountDownLatch never = new CountDownLatch(1);
		this.model.stub().answer((exchange) -> {
			try {
				never.await(2500, TimeUnit.MILLISECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			return OpenAiAnswer.of("Hello");
		});
		withClientTimeout().run((replies) -> {
			this.model.ask(replies, "assistant_message");
			assertThat(this.model.stub().exchanges()).hasSize(1);
		});
	}

	@Test
	void aReplyThatTakesTooLongFailsAndClosesItsHttpConnection() {
		this.model.stub().answer(OpenAiAnswer.ofPieces(10_000).pacedBy(Duration.ofMillis(20)));
		this.model.with("resumable-ws.reply.max-duration=2s").run((replies) -> {
			assertThat(this.model.ask(replies, "assistant_failed").path("code").asString()).isEqualTo("timeout");
			assertThat(this.model.stub().awaitExchange(AT_MOST).awaitEnd(AT_MOST)).isEqualTo(End.ABORTED_BY_CLIENT);
		});
	}

	@Test
	void theFirstTextCanTakeLongerThanTheIdleTimeout() {
		this.model.stub().answer(OpenAiAnswer.of("Hello").pacedBy(Duration.ofSeconds(3)));
		this.model.with("resumable-ws.reply.idle-timeout=1s").run((replies) -> {
			JsonNode message = this.model.ask(replies, "assistant_message");
			assertThat(message.path("content").asString()).isEqualTo("Hello");
		});
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void aModelWithoutTextFailsAfterTheTimeoutOfTheFirstPart(String how, OpenAiAnswer answer) {
		this.model.stub().answer(answer);
		this.model.with("resumable-ws.reply.first-part-timeout=1s").run((replies) -> {
			assertThat(this.model.ask(replies, "assistant_failed").path("code").asString()).isEqualTo("timeout");
			assertThat(this.model.stub().awaitExchange(AT_MOST).awaitEnd(AT_MOST)).isEqualTo(End.ABORTED_BY_CLIENT);
		});
	}

	static Stream<Arguments> aModelWithoutTextFailsAfterTheTimeoutOfTheFirstPart() {
		return Stream.of(Arguments.of("no response", OpenAiAnswer.silence()),
				Arguments.of("a role and no more", OpenAiAnswer.of("Hello").stallingAfter(0)));
	}

	@Test
	void aModelThatStopsSendingFailsAfterTheIdleTimeout() {
		this.model.stub().answer(OpenAiAnswer.of("Hel", "lo").stallingAfter(1));
		this.model.with("resumable-ws.reply.idle-timeout=1s").run((replies) -> {
			assertThat(this.model.ask(replies, "assistant_failed").path("code").asString()).isEqualTo("timeout");
			assertThat(this.model.text()).isEqualTo("Hel");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { ": keep-alive\n\n", ":\n", "\n", " ", "event: ping\ndata: {\"type\":\"ping\"}\n\n" })
	@NotUnderFaults("Reads the log without a second attempt")
	void keepAliveBytesOfTheProviderAreSignsOfLife(String keepAlive) {
		String[] writes = Stream
			.of(Stream.generate(() -> keepAlive).limit(8), Stream.of("\n" + text("Hel")),
					Stream.generate(() -> keepAlive).limit(8), Stream.of("\n" + text("lo"), STOP, DONE))
			.flatMap((part) -> part)
			.toArray(String[]::new);
		this.model.stub().answer(OpenAiAnswer.raw(EVENT_STREAM, List.of(writes)).pacedBy(Duration.ofMillis(400)));
		this.model.with("resumable-ws.reply.idle-timeout=2s", "resumable-ws.reply.first-part-timeout=2s")
			.run((replies) -> {
				JsonNode message = this.model.ask(replies, "assistant_message");
				assertThat(message.path("content").asString()).isEqualTo("Hello");
			});
	}

	@Test
	void anErrorOfTheProviderRevealsNoInternalsAndIsLoggedWithoutItsText(CapturedOutput output) {
		this.model.stub().answer(OpenAiAnswer.error(401));
		this.model.run((replies) -> {
			JsonNode failed = this.model.ask(replies, "assistant_failed");
			assertThat(failed.path("code").asString()).isEqualTo("provider_error");
			assertThat(failed.path("message").asString()).isEqualTo("The model could not answer.");
			await().untilAsserted(() -> assertThat(warnings(output.getAll())).singleElement()
				.asString()
				.contains("UnauthorizedException", "401"));
			assertThat(warnings(output.getAll()).get(0)).doesNotContain("refused by the stub");
		});
	}

	@Test
	void chunksAfterTheTextAreNotLost() {
		this.model.stub()
			.answer(OpenAiAnswer.raw(EVENT_STREAM, List.of(text("Hello"), STOP, USAGE, DONE))
				.pacedBy(Duration.ofMillis(500)));
		this.model.run((replies) -> assertThat(
				this.model.ask(replies, "assistant_message").path("usage").path("total_tokens").asLong())
			.isEqualTo(7));
	}

	@Test
	void advisorsSeeAllTextThoughTheClientGetsMostOfItLater() {
		RecordingAdvisor application = new RecordingAdvisor("application", Ordered.LOWEST_PRECEDENCE - 10);
		RecordingAdvisor nextToModel = new RecordingAdvisor("next to the model", Ordered.LOWEST_PRECEDENCE);
		this.model.stub().answer(OpenAiAnswer.ofPieces(3000).pacedBy(Duration.ofMillis(1)));
		withAdvisors(application, nextToModel).run((replies) -> {
			String content = this.model.ask(replies, "assistant_message").path("content").asString();
			assertThat(application.text()).isEqualTo(content);
			assertThat(nextToModel.text()).isEqualTo(content);
			assertThat(nextToModel.responses()).hasSizeLessThan(application.responses().size() / 2);
			assertThat(application.responses()).filteredOn((response) -> !RecordingAdvisor.text(response).isEmpty())
				.extracting((response) -> response.chatResponse().getResult().getOutput().getMetadata())
				.containsOnly(application.responses().get(0).chatResponse().getResult().getOutput().getMetadata());
		});
	}

	@Test
	void textAroundAToolCallKeepsItsOrder() {
		List<String> first = Stream
			.concat(IntStream.range(0, 300).mapToObj((number) -> text(number + " ")), Stream.of(TOOL_CALL))
			.toList();
		this.model.answerRaw(text("It "), text("is "), text("noon"), STOP, DONE);
		this.model.stub().answerNext(OpenAiAnswer.raw(EVENT_STREAM, first).pacedBy(Duration.ofMillis(1)));
		withTool(() -> "noon").run((replies) -> {
			String content = this.model.ask(replies, "assistant_message").path("content").asString();
			assertThat(content)
				.isEqualTo(IntStream.range(0, 300).mapToObj((number) -> number + " ").collect(Collectors.joining())
						+ "It is noon");
		});
	}

	@Test
	void anAnswerThatArrivesAtOnceIsComplete() {
		List<String> pieces = IntStream.range(0, 5000).mapToObj((number) -> number + " ").toList();
		this.model.stub().answer(OpenAiAnswer.of(pieces.toArray(String[]::new)));
		this.model.run((replies) -> assertThat(this.model.ask(replies, "assistant_message").path("content").asString())
			.isEqualTo(String.join("", pieces)));
	}

	private OpenAiReplies withAdvisors(Advisor... advisors) {
		return this.model.withBean(ChatClientBuilderCustomizer.class, (builder) -> builder.defaultAdvisors(advisors));
	}

	/**
	 * Sets the time-out of the client and of the requests, because the options of a
	 * request override those of the client, with a default of 60 seconds.
	 */
	private OpenAiReplies withClientTimeout() {
		Duration timeout = Duration.ofSeconds(1);
		return this.model.with("spring.ai.openai.timeout=1s")
			.withBean(ChatClientBuilderCustomizer.class,
					(builder) -> builder.defaultOptions(OpenAiChatOptions.builder().timeout(timeout)));
	}

	private OpenAiReplies withTool(java.util.function.Supplier<String> tool) {
		return this.model.withBean(ChatClientBuilderCustomizer.class,
				(builder) -> builder.defaultTools(FunctionToolCallback.builder("clock", tool).build()));
	}

	/**
	 * Advisor that records the model's responses.
	 */
	private static final class RecordingAdvisor implements StreamAdvisor {

		private final String name;

		private final int order;

		private final List<ChatClientResponse> responses = new CopyOnWriteArrayList<>();

		private RecordingAdvisor(String name, int order) {
			this.name = name;
			this.order = order;
		}

		@Override
		public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
			return chain.nextStream(request).doOnNext(this.responses::add);
		}

		@Override
		public String getName() {
			return this.name;
		}

		@Override
		public int getOrder() {
			return this.order;
		}

		private List<ChatClientResponse> responses() {
			return this.responses;
		}

		private String text() {
			return this.responses.stream().map(RecordingAdvisor::text).collect(Collectors.joining());
		}

		private static String text(ChatClientResponse response) {
			return ModelAnswer.text(response.chatResponse());
		}

	}

}
