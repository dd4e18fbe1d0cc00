package dev.resumablews.client;

import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What TypeScript projects, and those who install the package, get.
 */
class DeclarationTests {

	@BeforeEach
	void install() {
		Npm.assumeInstalled();
	}

	@Test
	void theDeclarationsAreThoseOfTheSourcesWhichAreTypedStrictly() {
		assertSucceeds("node", "declarations.js", "--check");
	}

	@Test
	void aStrictProjectCompiles() {
		assertSucceeds("node", "node_modules/typescript/bin/tsc", "--project", "test/types/tsconfig.json");
	}

	@Test
	void thePackageHoldsWhatItsManifestNames() {
		Node.Output output = Npm.run("pack", "--dry-run", "--json");
		assertThat(output.status()).as(output.errors()).isZero();
		JsonNode files = JsonMapper.builder().build().readTree(output.text()).findPath("files");
		assertThat(StreamSupport.stream(files.spliterator(), false).map((file) -> file.path("path").asString()))
			.contains("LICENSE", "README.md", "package.json", "src/client.js", "src/client.d.ts", "src/codes.js",
					"src/codes.d.ts", "src/http.js", "src/types.d.ts", "src/unsent.js", "src/unsent.d.ts")
			.noneMatch((path) -> path.startsWith("test/") || path.startsWith("src/test/"));
	}

	private static void assertSucceeds(String... command) {
		Node.Output output = Node.execute(List.of(command), Map.of());
		assertThat(output.status()).as(output.text() + output.errors()).isZero();
	}

}
