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
 * Runs the tests of the client against a scripted server.
 */
class ClientTests {

	@TestFactory
	Stream<DynamicTest> scenarios() throws IOException {
		List<String> files = files();
		return Scenarios.of(() -> Node.test(files, Map.of()));
	}

	private static List<String> files() throws IOException {
		try (Stream<Path> files = Files.list(Path.of("test"))) {
			return files.map((file) -> file.getFileName().toString())
				.filter((name) -> name.endsWith(".test.js"))
				.sorted()
				.toList();
		}
	}

}
