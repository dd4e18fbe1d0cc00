package dev.resumablews.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A page's visitors wait for every byte.
 */
class ClientSizeTests {

	private static final int MOST_BYTES = 5120;

	private static final String TERSER = "classpath*:META-INF/resources/webjars/terser/*/dist/bundle.min.js";

	@TempDir
	private Path folder;

	@Test
	void theClientIsSmall() throws IOException {
		Node.assumeThere();
		Path terser = this.folder.resolve("terser.cjs");
		Resource[] bundles = new PathMatchingResourcePatternResolver().getResources(TERSER);
		assertThat(bundles).hasSize(1);
		try (InputStream bundle = bundles[0].getInputStream()) {
			Files.copy(bundle, terser);
		}
		JsonNode size = Node.run("size.js", terser.toString());
		System.out.printf("client.js: %d bytes, %d minified, %d minified and gzipped (at most %d)%n",
				size.path("source").intValue(), size.path("minified").intValue(), size.path("gzipped").intValue(),
				MOST_BYTES);
		assertThat(size.path("gzipped").intValue()).isPositive().isLessThanOrEqualTo(MOST_BYTES);
	}

	@Test
	void theClientDependsOnNothing() throws IOException {
		// types are imported in comments
		String source = Files.readString(Path.of("src", "client.js")).replaceAll("(?s)/\\*.*?\\*/", "");
		assertThat(source).contains("class ResumableWebSocket ")
			.doesNotContainPattern(Pattern.compile("^\\s*import\\b|\\bimport\\(|\\brequire\\(", Pattern.MULTILINE));
		JsonNode manifest = JsonMapper.builder().build().readTree(Files.readString(Path.of("package.json")));
		assertThat(manifest.path("dependencies")).isEmpty();
	}

}
