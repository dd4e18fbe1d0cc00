package dev.resumablews.internal.springai;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiExchange.End;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

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
 * Tests that replies tolerate the deviations of OpenAI-compatible model servers.
 */
@ExtendWith(OutputCaptureExtension.class)
class OpenAiStreamTests {

	private static final Duration AT_MOST = Duration.ofSeconds(20);

	private static final String ENVELOPE = "\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"";

	private static final String HELLO = text("Hello");

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

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void dataAfterACompleteAnswerIsIgnored(String what, OpenAiAnswer answer) {
		this.model.stub().answer(answer);
		this.model.run((replies) -> {
			JsonNode message = this.model.ask(replies, "assistant_message");
			assertThat(message.path("content").asString()).isEqualTo("Hello");
			assertThat(message.path("finish_reason").asString()).isEqualTo("stop");
			this.model.stub().awaitExchange(AT_MOST).awaitEnd(AT_MOST);
		});
	}

	static Stream<Arguments> dataAfterACompleteAnswerIsIgnored() {
		return Stream
			.of(Arguments.of("open after [DONE]", raw(HELLO, STOP, DONE).stallingAtTheEnd()),
					Arguments.of("open after the usage", raw(HELLO, STOP, USAGE).stallingAtTheEnd()),
					Arguments.of("open after the finish reason", raw(HELLO, STOP).stallingAtTheEnd()),
					Arguments.of("junk after [DONE]", raw(HELLO, STOP, DONE, event("{\"id\":"), "<html>")),
					Arguments.of("an error after [DONE]",
							raw(HELLO, STOP, DONE, event("{\"error\":{\"message\":\"x\"}}"))),
					Arguments.of("a break after [DONE]", breaking(HELLO, STOP, DONE)),
					Arguments.of("junk after the finish reason", raw(HELLO, STOP, event("{\"id\":"))),
					Arguments.of("an error after the finish reason",
							raw(HELLO, STOP, event("{\"error\":{\"message\":\"overloaded\"}}"))),
					Arguments.of("a break after the finish reason", breaking(HELLO, STOP)),
					Arguments.of("a break after the usage", breaking(HELLO, STOP,
							USAGE)),
					Arguments.of(
							"text and reason in one chunk, then a break", breaking(
									event(chunk("{\"content\":\"Hello\"}", "\"stop\"")))),
					Arguments.of(
							"comments without end", raw(
									Stream
										.concat(Stream.of(HELLO, STOP), Stream.generate(
												() -> ": alive\n\n")
											.limit(5000))
										.toArray(String[]::new))
								.pacedBy(Duration.ofMillis(100))),
					Arguments.of("empty chunks without end",
							raw(Stream
								.concat(Stream.of(HELLO, STOP),
										Stream.generate(() -> event(chunk("{}", "null"))).limit(5000))
								.toArray(String[]::new)).pacedBy(Duration.ofMillis(100))));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void anUnusualChunkIsTolerated(String what, String[] writes) {
		this.model.answerRaw(writes);
		this.model.run((replies) -> {
			JsonNode message = this.model.ask(replies, "assistant_message");
			assertThat(message.path("content").asString()).isEqualTo("Hello");
			assertThat(message.path("finish_reason").asString()).isEqualTo("stop");
		});
	}

	static Stream<Arguments> anUnusualChunkIsTolerated() {
		String choices = "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]";
		return Stream.of(
				odd("without an id",
						"{\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"," + choices + "}"),
				odd("with a null id", "{\"id\":null,\"created\":1,\"model\":\"m\"," + choices + "}"),
				odd("with an id that is a number", "{\"id\":7,\"created\":1,\"model\":\"m\"," + choices + "}"),
				odd("without a model", "{\"id\":\"c\",\"created\":1," + choices + "}"),
				odd("without created", "{\"id\":\"c\",\"model\":\"m\"," + choices + "}"),
				odd("with created as a fraction", "{\"id\":\"c\",\"created\":1.5,\"model\":\"m\"," + choices + "}"),
				odd("with created as a text", "{\"id\":\"c\",\"created\":\"now\",\"model\":\"m\"," + choices + "}"),
				odd("with choices alone", "{" + choices + "}"),
				odd("with a null error", "{" + ENVELOPE + ",\"error\":null," + choices + "}"),
				odd("without an index",
						"{" + ENVELOPE + ",\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}]}"),
				odd("with nulls everywhere", "{" + ENVELOPE
						+ ",\"service_tier\":null,\"system_fingerprint\":null,\"usage\":null,\"provider\":null,"
						+ "\"choices\":[{\"index\":0,\"logprobs\":null,\"finish_reason\":null,\"stop_reason\":null,"
						+ "\"delta\":{\"role\":null,\"content\":\"Hello\",\"refusal\":null,\"tool_calls\":null,"
						+ "\"function_call\":null,\"reasoning_content\":null}}]}"),
				odd("with an empty finish reason", "{" + ENVELOPE
						+ ",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"\"}]}"),
				odd("with empty tool calls", "{" + ENVELOPE
						+ ",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hello\",\"tool_calls\":[]}}]}"),
				odd("with unknown fields",
						"{" + ENVELOPE + ",\"x_groq\":{\"id\":\"r\"},\"citations\":[\"a\"],\"time\":1.5,\"ok\":true,"
								+ choices + "}"),
				odd("with content in parts", "{" + ENVELOPE
						+ ",\"choices\":[{\"index\":0,\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}}]}"),
				odd("with broken usage", "{" + ENVELOPE + ",\"usage\":{\"total_tokens\":\"many\"}," + choices + "}"),
				odd("with log probabilities of another shape",
						"{" + ENVELOPE
								+ ",\"choices\":[{\"index\":0,\"logprobs\":[],\"delta\":{\"content\":\"Hello\"}}]}"),
				before("a role alone", event(chunk("{\"role\":\"assistant\"}", "null"))),
				before("an empty delta", event(chunk("{}", "null"))),
				before("a null content", event(chunk("{\"content\":null}", "null"))),
				before("a null delta", event(chunk("null", "null"))),
				before("no delta", event("{" + ENVELOPE + ",\"choices\":[{\"index\":0,\"finish_reason\":null}]}")),
				before("no choices", event("{" + ENVELOPE + "}")),
				before("null choices", event("{" + ENVELOPE + ",\"choices\":null}")),
				before("empty choices", event("{" + ENVELOPE + ",\"choices\":[]}")),
				before("Azure's results of its prompt filter",
						event("{\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[],"
								+ "\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":"
								+ "{\"hate\":{\"filtered\":false,\"severity\":\"safe\"}}}]}")),
				before("Azure's results of its content filter",
						event("{\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[{\"index\":0,"
								+ "\"finish_reason\":null,\"content_filter_results\":{},\"content_filter_offsets\":"
								+ "{\"check_offset\":1}}]}")),
				before("reasoning", event(chunk("{\"content\":null,\"reasoning_content\":\"Hm\"}", "null"))),
				before("a comment", ": OPENROUTER PROCESSING\n\n"), before("empty data", "data:\n\n"),
				before("data that is null", event("null")), before("data that is a ping", event("ping")),
				before("an empty object", event("{}")),
				before("an event of another kind", "event: ping\ndata: {\"type\":\"ping\"}\n\n"),
				before("an id and a retry", "id: 1\nretry: 1000\n\n"),
				Arguments.of("named events", split("event: message\n" + HELLO, "event: done\n" + STOP, DONE)),
				Arguments.of("lines that end in CRLF", split((HELLO + STOP + DONE).replace("\n", "\r\n"))),
				Arguments.of("lines that end in CR", split((HELLO + STOP + DONE).replace("\n", "\r"))),
				Arguments.of("no space after the colon", split((HELLO + STOP + DONE).replace("data: ", "data:"))),
				Arguments.of("one byte at a time", (HELLO + STOP + DONE).split("")),
				Arguments.of("no blank line at the end", split(HELLO, STOP.stripTrailing())),
				Arguments.of("a last chunk of usage alone", split(HELLO, STOP,
						event("{\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3,\"total_tokens\":7}}"), DONE)),
				Arguments.of("usage without a total",
						split(HELLO, STOP, event("{" + ENVELOPE + ",\"choices\":[],\"usage\":{\"prompt_tokens\":4}}"),
								DONE)),
				Arguments.of("usage with fields of another shape", split(HELLO, STOP, event("{" + ENVELOPE
						+ ",\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3.0,\"total_tokens\":7,"
						+ "\"prompt_tokens_details\":[],\"completion_tokens_details\":null,\"cost\":0.1}}"), DONE)),
				Arguments.of("an end without [DONE]", split(HELLO, STOP)));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void anErrorWithinTheStreamFailsTheReply(String what, String[] writes) {
		this.model.answerRaw(writes);
		this.model.run((replies) -> {
			assertThat(this.model.ask(replies, "assistant_failed").path("code").asString()).isEqualTo("provider_error");
			assertThat(this.model.text()).isEqualTo("Hello");
		});
	}

	static Stream<Arguments> anErrorWithinTheStreamFailsTheReply() {
		return Stream.of(
				Arguments.of("an error object",
						split(HELLO, event("{\"error\":{\"message\":\"overloaded\",\"code\":529}}"))),
				Arguments.of("an error text", split(HELLO, event("{\"error\":\"overloaded\"}"))),
				Arguments.of("an error in a chunk",
						split(HELLO,
								event("{" + ENVELOPE + ",\"choices\":[],\"error\":{\"message\":\"overloaded\"}}"))),
				Arguments.of("an error event", split(HELLO, "event: error\ndata: {\"message\":\"overloaded\"}\n\n")),
				Arguments.of("an object of the type error",
						split(HELLO, event("{\"object\":\"error\",\"message\":\"overloaded\",\"code\":500}"))),
				Arguments.of("a chunk that is cut off", split(HELLO, event("{" + ENVELOPE + ",\"choices\":[{\"ind"))));
	}

	@Test
	void aBrokenConnectionFailsTheReply() {
		this.model.stub().answer(breaking(HELLO));
		this.model.run((replies) -> {
			assertThat(this.model.ask(replies, "assistant_failed").path("code").asString()).isEqualTo("provider_error");
			assertThat(this.model.text()).isEqualTo("Hello");
			assertThat(this.model.stub().awaitExchange(AT_MOST).awaitEnd(AT_MOST)).isEqualTo(End.BROKEN);
		});
	}

	@Test
	void allTextBeforeABreakIsKept() {
		String[] numbers = IntStream.range(0, 300).mapToObj((number) -> number + " ").toArray(String[]::new);
		this.model.stub().answer(breaking(Stream.of(numbers).map(OpenAiReplies::text).toArray(String[]::new)));
		this.model.run((replies) -> {
			this.model.ask(replies, "assistant_failed");
			assertThat(this.model.text()).isEqualTo(String.join("", numbers));
		});
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void anEndWithoutAKnownReasonIsUnknown(String what, String[] writes) {
		this.model.answerRaw(writes);
		this.model.run((replies) -> {
			JsonNode message = this.model.ask(replies, "assistant_message");
			assertThat(message.path("content").asString()).isEqualTo("Hello");
			assertThat(message.path("finish_reason").asString()).isEqualTo("unknown");
		});
	}

	static Stream<Arguments> anEndWithoutAKnownReasonIsUnknown() {
		return Stream.of(Arguments.of("no reason", split(HELLO, DONE)), Arguments.of("no [DONE]", split(HELLO)),
				Arguments.of("usage alone", split(HELLO, USAGE, DONE)),
				Arguments.of("a reason that the SDK does not know", split(HELLO, event(chunk("{}", "\"eos\"")), DONE)));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void aStreamWithoutAnAnswerFailsTheReply(String what, String contentType, String[] writes, CapturedOutput output) {
		this.model.stub().answer(OpenAiAnswer.raw(contentType, List.of(writes)));
		this.model.run((replies) -> {
			JsonNode failed = this.model.ask(replies, "assistant_failed");
			assertThat(failed.path("code").asString()).isEqualTo("provider_error");
			assertThat(failed.path("message").asString()).isEqualTo("The model could not answer.");
			await().untilAsserted(() -> assertThat(warnings(output.getAll())).hasSize(1));
			assertThat(warnings(output.getAll()).get(0)).contains("no answer").doesNotContain("secret");
			if (!contentType.equals(EVENT_STREAM)) {
				assertThat(warnings(output.getAll()).get(0)).contains(contentType);
			}
		});
	}

	static Stream<Arguments> aStreamWithoutAnAnswerFailsTheReply() {
		return Stream.of(Arguments.of("an empty body", EVENT_STREAM, split()),
				Arguments.of("an empty body of JSON", "application/json", split()),
				Arguments.of("a page", "text/html", split("<html><body>secret: log in</body></html>")),
				Arguments.of("an error as JSON", "application/json", split("{\"error\":{\"message\":\"secret\"}}")),
				Arguments.of("other JSON", "application/json", split("{\"secret\":1}\n")),
				Arguments.of("[DONE] alone", EVENT_STREAM, split(DONE)),
				Arguments.of("comments alone", EVENT_STREAM, split(": a\n\n", ": b\n\n")),
				Arguments.of("a role alone", EVENT_STREAM,
						split(event(chunk("{\"role\":\"assistant\"}", "null")), DONE)),
				Arguments.of("usage alone", EVENT_STREAM, split(USAGE, DONE)));
	}

	@Test
	void anEmptyAnswerWithAFinishReasonIsComplete() {
		this.model.answerRaw(event(chunk("{}", "\"content_filter\"")), DONE);
		this.model.run((replies) -> {
			JsonNode message = this.model.ask(replies, "assistant_message");
			assertThat(message.path("content").asString()).isEmpty();
			assertThat(message.path("finish_reason").asString()).isEqualTo("content_filter");
		});
	}

	private static Arguments odd(String what, String chunk) {
		return Arguments.of("a chunk " + what, split(event(chunk), STOP, DONE));
	}

	private static Arguments before(String what, String event) {
		return Arguments.of(what, split(event, text("Hel"), event, text("lo"), event, STOP, event, USAGE, event, DONE));
	}

	private static String[] split(String... writes) {
		return writes;
	}

	private static OpenAiAnswer raw(String... writes) {
		return OpenAiAnswer.raw(EVENT_STREAM, Arrays.asList(writes));
	}

	private static OpenAiAnswer breaking(String... writes) {
		return raw(writes).breakingAfter(writes.length);
	}

}
