package dev.resumablews.internal.failure;

import dev.resumablews.testing.StartFailure;
import org.junit.jupiter.api.Test;

import org.springframework.boot.diagnostics.FailureAnalysis;

import static org.assertj.core.api.Assertions.assertThat;

class ConfigurationFailureAnalyzerTests {

	@Test
	void theAnalysisHasTheDescriptionAndTheAction() {
		assertThat(StartFailure.analyze(new IllegalStateException("A bean could not be created",
				new ResumableWsConfigurationException("What is wrong.", "What to do."))))
			.extracting(FailureAnalysis::getDescription, FailureAnalysis::getAction)
			.containsExactly("What is wrong.", "What to do.");
	}

	@Test
	void theMessageOfTheExceptionHasTheDescriptionAndTheAction() {
		assertThat(new ResumableWsConfigurationException("What is wrong.", "What to do."))
			.hasMessage("What is wrong. What to do.");
	}

}
