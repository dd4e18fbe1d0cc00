package dev.resumablews.testing;

import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

import com.openai.errors.InternalServerException;
import com.openai.errors.OpenAIInvalidDataException;
import com.openai.errors.OpenAIIoException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import dev.resumablews.testing.OpenAiExchange.End;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link OpenAiStub}, with the client that applications use.
 */
class OpenAiStubTests {

	private static final Duration AT_MOST = Duration.ofSeconds(20);

	private final OpenAiStub stub = OpenAiStub.start();

	private final OpenAiChatModel model = OpenAiChatModel.builder()
		.options(OpenAiChatOptions.builder()
			.baseUrl(this.stub.baseUrl())
			.apiKey("key-of-the-test")
			.model("gpt-test")
			.maxRetries(0)
			.streamUsage(true)
			.build())
		.build();

	@AfterEach
	void stop() {
		this.stub.close();
	}

	@Test
	void aStreamedReplyArrivesCompletely() {
		OpenAiAnswer answer = OpenAiAnswer.ofPieces(300);
		this.stub.answer(answer);
		List<ChatResponse> responses = stream().collectList().block(AT_MOST);
		assertThat(responses).isNotNull();
		assertThat(String.join("", responses.stream().map(OpenAiStubTests::text).toList())).isEqualTo(answer.text());
		assertThat(responses.get(responses.size() - 1).getMetadata().getUsage().getTotalTokens()).isEqualTo(307);
		OpenAiExchange exchange = this.stub.awaitExchange(AT_MOST);
		assertThat(exchange.authorization()).isEqualTo("Bearer key-of-the-test");
		assertThat(exchange.model()).isEqualTo("gpt-test");
		assertThat(exchange.messages()).containsExactly(new OpenAiExchange.Message("system", "Be brief"),
				new OpenAiExchange.Message("user", "Hi"));
		assertThat(exchange.awaitEnd(AT_MOST)).isEqualTo(End.COMPLETED);
		assertThat(this.stub.exchanges()).hasSize(1);
	}

	@Test
	void aReplyWithoutStreamingArrivesCompletely() {
		this.stub.answer(OpenAiAnswer.of("One ", "two"));
		assertThat(text(this.model.call(prompt()))).isEqualTo("One two");
	}

	@Test
	void piecesArriveOneByOneAsTheGateReleasesThem() {
		Gate gate = new Gate();
		this.stub.answer(OpenAiAnswer.of("one ", "two ", "three").pacedBy(gate));
		List<String> pieces = new CopyOnWriteArrayList<>();
		Disposable stream = stream().subscribe((response) -> {
			if (!text(response).isEmpty()) {
				pieces.add(text(response));
			}
		});
		this.stub.awaitExchange(AT_MOST);
		gate.release(1);
		await().atMost(AT_MOST).untilAsserted(() -> assertThat(pieces).containsExactly("one "));
		gate.release(1);
		await().atMost(AT_MOST).untilAsserted(() -> assertThat(pieces).containsExactly("one ", "two "));
		gate.open();
		await().atMost(AT_MOST).until(stream::isDisposed);
		assertThat(pieces).containsExactly("one ", "two ", "three");
	}

	// uses a plain client, because Spring AI 2.0.0 does not close the stream of a
	// cancelled Flux
	@ParameterizedTest
	@MethodSource
	void anAnswerEndsWhenTheClientClosesTheStream(OpenAiAnswer answer) throws Exception {
		this.stub.answer(answer);
		InputStream body = open();
		OpenAiExchange exchange = this.stub.awaitExchange(AT_MOST);
		await().atMost(AT_MOST).until(() -> exchange.piecesSent() == 3);
		assertThat(exchange.hasEnded()).isFalse();
		body.close();
		assertThat(exchange.awaitEnd(AT_MOST)).isEqualTo(End.ABORTED_BY_CLIENT);
		assertThat(exchange.piecesSent()).isEqualTo(3);
	}

	static Stream<OpenAiAnswer> anAnswerEndsWhenTheClientClosesTheStream() {
		Gate gate = new Gate();
		gate.release(3);
		OpenAiAnswer answer = OpenAiAnswer.ofPieces(10);
		return Stream.of(answer.pacedBy(gate), answer.stallingAfter(3));
	}

	@Test
	void aBrokenStreamFailsAfterThePiecesThatWereSent() {
		this.stub.answer(OpenAiAnswer.ofPieces(10).breakingAfter(3));
		List<String> pieces = new CopyOnWriteArrayList<>();
		assertThatThrownBy(() -> stream().doOnNext((response) -> pieces.add(text(response))).blockLast(AT_MOST))
			.isInstanceOf(OpenAIIoException.class);
		assertThat(String.join("", pieces)).isEqualTo("piece 0; piece 1; piece 2; ");
		assertThat(this.stub.awaitExchange(AT_MOST).awaitEnd(AT_MOST)).isEqualTo(End.BROKEN);
	}

	@Test
	void anAnswerWithoutStreamingBreaksAfterItsLastPiece() {
		this.stub.answer(OpenAiAnswer.of("One ", "two").breakingAfter(2));
		assertThatThrownBy(() -> this.model.call(prompt())).isInstanceOf(OpenAIIoException.class);
		assertThat(this.stub.awaitExchange(AT_MOST).awaitEnd(AT_MOST)).isEqualTo(End.BROKEN);
	}

	@Test
	void aMalformedChunkFailsTheStream() {
		this.stub.answer(OpenAiAnswer.ofPieces(10).malformedAfter(2));
		assertThatThrownBy(() -> stream().blockLast(AT_MOST)).isInstanceOf(OpenAIInvalidDataException.class);
	}

	@Test
	void queuedErrorsAreAnsweredInOrderBeforeTheDefaultAnswer() {
		this.stub.answer(OpenAiAnswer.of("fine"));
		this.stub.answerNext(OpenAiAnswer.error(500), OpenAiAnswer.error(429).retryAfter("1"), OpenAiAnswer.error(401));
		assertThatThrownBy(() -> stream().blockLast(AT_MOST)).hasCauseInstanceOf(InternalServerException.class);
		assertThatThrownBy(() -> stream().blockLast(AT_MOST)).hasCauseInstanceOf(RateLimitException.class);
		assertThatThrownBy(() -> stream().blockLast(AT_MOST)).hasCauseInstanceOf(UnauthorizedException.class);
		assertThat(String.join("", stream().map(OpenAiStubTests::text).collectList().block(AT_MOST))).isEqualTo("fine");
		assertThat(this.stub.exchanges()).hasSize(4);
	}

	private InputStream open() throws Exception {
		HttpRequest request = HttpRequest.newBuilder(URI.create(this.stub.baseUrl() + "/chat/completions"))
			.POST(BodyPublishers.ofString("{\"stream\": true}"))
			.build();
		return HttpClient.newHttpClient().send(request, BodyHandlers.ofInputStream()).body();
	}

	private Flux<ChatResponse> stream() {
		return this.model.stream(prompt());
	}

	private static Prompt prompt() {
		return new Prompt(List.of(new SystemMessage("Be brief"), new UserMessage("Hi")));
	}

	private static String text(ChatResponse response) {
		if (response.getResult() == null || response.getResult().getOutput().getText() == null) {
			return "";
		}
		return response.getResult().getOutput().getText();
	}

}
