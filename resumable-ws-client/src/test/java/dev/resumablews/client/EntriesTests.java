package dev.resumablews.client;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs the tests of the entries for React and the AI SDK, in Node and in Chromium.
 */
class EntriesTests {

	private static final @Nullable String MISSING = Npm.install("--prefix", "test/entries");

	@TestFactory
	Stream<DynamicTest> entries() {
		return scenarios(List.of("react", "ai-sdk", "package"), Map.of());
	}

	@TestFactory
	Stream<DynamicTest> entriesWithStarter() {
		if (MISSING != null) {
			return skipped();
		}
		try (Starter starter = Starter.create()) {
			return scenarios(List.of("with-starter", "browser"),
					Map.of("STARTER_URL", starter.url(), "STARTER_CONTROL", starter.controlUrl()));
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', textBlock = """
			react;2560;./client.js, react
			ai-sdk;4352;./client.js
			""")
	void theEntryIsSmallAndLoadsOnlyTheClientAndItsFramework(String entry, int mostBytes, String imports) {
		assumeInstalled();
		JsonNode size = Node.run("entries/size.js").path(entry);
		System.out.printf("resumable-ws-client/%s: %d bytes minified, %d minified and gzipped (at most %d)%n", entry,
				size.path("minified").intValue(), size.path("gzipped").intValue(), mostBytes);
		assertThat(size.path("gzipped").intValue()).isPositive().isLessThanOrEqualTo(mostBytes);
		assertThat(size.path("imports").asString()).isEqualTo(imports);
	}

	private static Stream<DynamicTest> scenarios(List<String> names, Map<String, String> more) {
		if (MISSING != null) {
			return skipped();
		}
		Map<String, String> environment = new LinkedHashMap<>(more);
		// the package under test is a link, and must find React next to the link
		environment.put("NODE_OPTIONS", "--preserve-symlinks");
		environment.put("CHROMIUM", System.getProperty("chromium", ""));
		List<String> files = names.stream().map((name) -> "entries/" + name + ".test.js").toList();
		return Scenarios.of(() -> Node.test(files, environment));
	}

	private static Stream<DynamicTest> skipped() {
		return Stream.of(DynamicTest.dynamicTest("React and the AI SDK are installed", EntriesTests::assumeInstalled));
	}

	private static void assumeInstalled() {
		Npm.assume("the entries for React and the AI SDK", MISSING);
	}

}
