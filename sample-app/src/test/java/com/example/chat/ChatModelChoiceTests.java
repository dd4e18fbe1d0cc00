package com.example.chat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.SpringApplication;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

class ChatModelChoiceTests {

	private final MockEnvironment environment = new MockEnvironment();

	@Test
	void theSimulatedModelIsChosenWithoutAKey() {
		choose();

		assertThat(this.environment.getProperty("spring.ai.model.chat")).isEqualTo("none");
	}

	@ParameterizedTest
	@CsvSource({ "OPENAI_API_KEY", "spring.ai.openai.api-key" })
	void openAiIsChosenWithAKey(String name) {
		this.environment.setProperty(name, "sk-1");

		choose();

		assertThat(this.environment.getProperty("spring.ai.model.chat")).isEqualTo("openai");
		assertThat(this.environment.getProperty("spring.ai.openai.api-key")).isEqualTo("sk-1");
	}

	@Test
	void anEmptyKeyIsIgnored() {
		this.environment.setProperty("OPENAI_API_KEY", " ");

		choose();

		assertThat(this.environment.getProperty("spring.ai.model.chat")).isEqualTo("none");
	}

	@Test
	void aCompatibleServerNeedsNoKey() {
		this.environment.setProperty("spring.ai.openai.base-url", "http://localhost:11434/v1");

		choose();

		assertThat(this.environment.getProperty("spring.ai.model.chat")).isEqualTo("openai");
		assertThat(this.environment.getProperty("spring.ai.openai.api-key")).isNotBlank();
	}

	private void choose() {
		new ChatModelChoice().postProcessEnvironment(this.environment, new SpringApplication());
	}

}
