package dev.resumablews.client;

import java.io.UncheckedIOException;
import java.util.Map;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * The {@code npm} of the path, and the development dependencies of the client.
 */
final class Npm {

	private static final @Nullable String MISSING = install();

	private Npm() {
	}

	/**
	 * Skips the present test unless the development dependencies are installed.
	 */
	static void assumeInstalled() {
		Node.assumeThere();
		if (MISSING != null) {
			System.out.println("SKIPPED: the types of the browser client are not tested, because " + MISSING);
		}
		Assumptions.assumeTrue(MISSING == null, MISSING);
	}

	/**
	 * Runs npm.
	 * @param arguments its arguments
	 * @return what it says and how it ends
	 * @throws UncheckedIOException if there is no npm
	 */
	static Node.Output run(String... arguments) {
		return Node.execute(Stream.concat(Stream.of("npm"), Stream.of(arguments)).toList(), Map.of());
	}

	private static @Nullable String install() {
		try {
			Node.Output output = run("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1",
					"--fetch-timeout=20000");
			return (output.status() == 0) ? null : "'npm ci' failed: " + output.errors();
		}
		catch (UncheckedIOException ex) {
			return "'npm' is not on the path";
		}
	}

}
