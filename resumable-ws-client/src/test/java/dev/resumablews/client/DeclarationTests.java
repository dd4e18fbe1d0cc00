package dev.resumablews.client;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of the types that TypeScript projects use.
 */
class DeclarationTests {

	@BeforeEach
	void install() {
		Npm.assumeInstalled();
	}

	@Test
	void theDeclarationsMatchTheStrictlyTypedSources() {
		assertSucceeds("node", "declarations.js", "--check");
	}

	@Test
	void aStrictProjectCompiles() {
		assertSucceeds("node", "node_modules/typescript/bin/tsc", "--project", "test/types/tsconfig.json");
	}

	private static void assertSucceeds(String... command) {
		Node.Output output = Node.execute(List.of(command), Map.of());
		assertThat(output.status()).as(output.text() + output.errors()).isZero();
	}

}
