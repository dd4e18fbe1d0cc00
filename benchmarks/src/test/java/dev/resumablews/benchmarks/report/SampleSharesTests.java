package dev.resumablews.benchmarks.report;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SampleSharesTests {

	@Test
	void aSampleBelongsToTheInnermostLibrary() {
		assertThat(SampleShares.library(List.of("java.util.HashMap", "com.fasterxml.jackson.core.JsonFactory",
				"com.openai.core.ObjectMappers")))
			.isEqualTo("Jackson 2 (the SDK's)");
		assertThat(SampleShares.library(List.of("kotlin.sequences.Sequence", "com.openai.core.http.SseMessage")))
			.isEqualTo("OpenAI's SDK");
		assertThat(SampleShares.library(List.of("dev.resumablews.benchmarks.server.Rooms", "reactor.core.Flux")))
			.isEqualTo("the benchmark's handler");
		assertThat(SampleShares.library(List.of("java.lang.Thread"))).isEqualTo("other");
	}

}
