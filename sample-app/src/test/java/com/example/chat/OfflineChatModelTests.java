package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ClassPathResource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class OfflineChatModelTests {

	private static final List<String> SUGGESTIONS = List.of("Explain WebSockets in three points",
			"What happens if I pull the plug?", "Write a haiku about Postgres");

	private final OfflineChatModel model = new OfflineChatModel(Duration.ofMillis(1));

	@Test
	void eachSuggestionOfThePageHasItsOwnAnswer() throws Exception {
		String page = new ClassPathResource("static/index.html").getContentAsString(StandardCharsets.UTF_8);
		assertThat(page).contains(SUGGESTIONS);

		Set<String> answers = SUGGESTIONS.stream().map(this.model::call).collect(Collectors.toSet());

		assertThat(answers).hasSize(SUGGESTIONS.size()).noneMatch((answer) -> answer.contains("stand-in"));
		assertThat(this.model.call("Write a haiku about Postgres")).contains("haiku", "commit record");
		assertThat(this.model.call("What happens if I pull the plug?")).contains("pull the plug", "Postgres");
		assertThat(this.model.call("Explain WebSockets in three points")).contains("**3.", "\n```js\n", "\n|---|");
	}

	@ParameterizedTest
	@ValueSource(strings = { "write a haiku about postgres.", " Write  a haiku\nabout Postgres! " })
	void aTypedSuggestionGetsTheSameAnswer(String question) {
		assertThat(this.model.call(question)).isEqualTo(this.model.call("Write a haiku about Postgres"));
	}

	@Test
	void anAnswerTakesLongEnoughToBreakSomething() throws Exception {
		PropertySource<?> defaults = new YamlPropertySourceLoader()
			.load("defaults", new ClassPathResource("application.yml"))
			.get(0);
		Duration interval = DurationStyle
			.detectAndParse(String.valueOf(defaults.getProperty(OfflineChatModel.PROPERTY)));

		assertThat(Stream.concat(SUGGESTIONS.stream(), Stream.of("Hello")))
			.allSatisfy((question) -> assertThat(interval.multipliedBy(parts(question).size()))
				.isBetween(Duration.ofSeconds(15), Duration.ofSeconds(25)));
	}

	@Test
	void theAnswerExplainsTheStandInAndHowToConfigureAModel() {
		assertThat(this.model.call("Hello")).contains("“Hello”", "stand-in", "OPENAI_API_KEY", "first message");
	}

	@Test
	void theLastMessageIsQuotedWithItsNumber() {
		Prompt prompt = new Prompt(
				List.of(new UserMessage("Hello"), new AssistantMessage("Yes?"), new UserMessage("You")));

		assertThat(text(this.model.call(prompt))).contains("“You”", "message number 2");
	}

	@Test
	void theStreamedAnswerEqualsTheWholeOne() {
		List<ChatResponse> parts = parts("Hello");

		assertThat(String.join("", parts.stream().map(OfflineChatModelTests::text).toList()))
			.isEqualTo(this.model.call("Hello"));
		assertThat(parts.get(parts.size() - 1).getResult().getMetadata().getFinishReason()).isEqualTo("stop");
	}

	@Test
	void aLongQuotationIsTruncatedWithoutSplittingACharacter() {
		assertThat(this.model.call("😀".repeat(200))).contains("“" + "😀".repeat(120) + "…”");
	}

	@ParameterizedTest
	@ValueSource(strings = { "100%s %d", "$1 \\0", "{count} {question}" })
	void placeholdersInAQuestionAreNotReplaced(String question) {
		assertThat(this.model.call(question)).contains("“" + question + "”");
	}

	@Test
	void aNegativeIntervalIsRejected() {
		assertThatIllegalArgumentException().isThrownBy(() -> new OfflineChatModel(Duration.ofMillis(-1)))
			.withMessageContaining("chat.stand-in.word-interval");
	}

	private List<ChatResponse> parts(String question) {
		List<ChatResponse> parts = this.model.stream(new Prompt(question)).collectList().block(Duration.ofSeconds(30));
		assertThat(parts).isNotNull();
		return parts;
	}

	private static String text(ChatResponse response) {
		return String.valueOf(response.getResult().getOutput().getText());
	}

}
