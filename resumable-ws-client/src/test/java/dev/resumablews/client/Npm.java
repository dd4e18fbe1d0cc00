package dev.resumablews.client;

import java.io.UncheckedIOException;
import java.util.Map;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * Runs the {@code npm} on the path, and installs the development dependencies of the
 * client.
 */
final class Npm {

	private static final @Nullable String MISSING = install();

	private Npm() {
	}

	/**
	 * Skips the current test unless the development dependencies are installed.
	 */
	static void assumeInstalled() {
		assume("the types of the browser client", MISSING);
	}

	/**
	 * Skips the current test if something is missing.
	 * @param tested subject of the test
	 * @param missing what is missing; null if nothing is
	 */
	static void assume(String tested, @Nullable String missing) {
		if (missing != null) {
			System.out.println("SKIPPED: " + tested + " are not tested, because " + missing);
		}
		Assumptions.assumeTrue(missing == null, missing);
	}

	/**
	 * Runs npm.
	 * @param arguments its arguments
	 * @return its output and exit status
	 * @throws UncheckedIOException if there is no npm
	 */
	static Node.Output run(String... arguments) {
		return Node.execute(Stream.concat(Stream.of("npm"), Stream.of(arguments)).toList(), Map.of());
	}

	/**
	 * Installs the dependencies of a directory according to its lock file.
	 * @param more additional arguments
	 * @return why they are missing; null if they are installed
	 */
	static @Nullable String install(String... more) {
		if (Node.missing() != null) {
			return Node.missing();
		}
		try {
			Node.Output output = run(Stream
				.concat(Stream.of("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1",
						"--fetch-timeout=20000"), Stream.of(more))
				.toArray(String[]::new));
			return (output.status() == 0) ? null : "'npm ci' failed: " + output.errors();
		}
		catch (UncheckedIOException ex) {
			return "'npm' is not on the path";
		}
	}

}
