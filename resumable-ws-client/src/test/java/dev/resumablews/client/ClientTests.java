package dev.resumablews.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The client against a server that says what a test wants.
 */
class ClientTests {

	@TestFactory
	Stream<DynamicTest> scenarios() throws IOException {
		Node.assumeThere();
		try (Stream<Path> files = Files.list(Path.of("test"))) {
			List<String> names = files.map((file) -> file.getFileName().toString())
				.filter((name) -> name.endsWith(".test.js"))
				.sorted()
				.toList();
			return Scenarios.of(Node.test(names, Map.of()));
		}
	}

}
