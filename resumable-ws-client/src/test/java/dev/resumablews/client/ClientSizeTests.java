package dev.resumablews.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the scripts stay small, because the visitors of a page wait for every byte.
 */
class ClientSizeTests {

	private static final String TERSER = "classpath*:META-INF/resources/webjars/terser/*/dist/bundle.min.js";

	@TempDir
	private Path folder;

	@ParameterizedTest
	@CsvSource({ "client.js, 5120", "http.js, 2560", "unsent.js, 512" })
	void theScriptIsSmall(String script, int mostBytes) throws IOException {
		Node.assumeInstalled();
		Path terser = this.folder.resolve("terser.cjs");
		Resource[] bundles = new PathMatchingResourcePatternResolver().getResources(TERSER);
		assertThat(bundles).hasSize(1);
		try (InputStream bundle = bundles[0].getInputStream()) {
			Files.copy(bundle, terser);
		}
		JsonNode size = Node.run("size.js", terser.toString(), script);
		System.out.printf("%s: %d bytes, %d minified, %d minified and gzipped (at most %d)%n", script,
				size.path("source").intValue(), size.path("minified").intValue(), size.path("gzipped").intValue(),
				mostBytes);
		assertThat(size.path("gzipped").intValue()).isPositive().isLessThanOrEqualTo(mostBytes);
	}

	@Test
	void theClientHasNoDependenciesAndLoadsItsFallbackOnDemand() throws IOException {
		assertThat(code("client.js")).contains("ResumableWebSocket")
			.containsOnlyOnce("import('./http.js')")
			.satisfies((source) -> assertLoadsNothing(source.replace("import('./http.js')", "")));
		assertThat(code("http.js")).contains("export const fallback ").satisfies(ClientSizeTests::assertLoadsNothing);
		assertThat(code("unsent.js")).contains("export const unsent ").satisfies(ClientSizeTests::assertLoadsNothing);
		JsonNode manifest = JsonMapper.builder().build().readTree(Files.readString(Path.of("package.json")));
		assertThat(manifest.path("dependencies")).isEmpty();
	}

	/**
	 * Returns a script without its comments, which import types.
	 */
	private static String code(String script) throws IOException {
		return Files.readString(Path.of("src", script)).replaceAll("(?s)/\\*.*?\\*/", "");
	}

	private static void assertLoadsNothing(String source) {
		assertThat(source)
			.doesNotContainPattern(Pattern.compile("^\\s*import\\b|\\bimport\\(|\\brequire\\(", Pattern.MULTILINE));
	}

}
