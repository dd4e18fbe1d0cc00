package dev.resumablews.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs the {@code node} on the path.
 */
final class Node {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final Duration TIMEOUT = Duration.ofMinutes(5);

	/**
	 * The first release with a WebSocket and a time-out for tests.
	 */
	private static final int[] OLDEST = { 20, 11 };

	private static final @Nullable String VERSION = version();

	private Node() {
	}

	/**
	 * Result of a test.
	 *
	 * @param name its name
	 * @param skipped whether it was skipped
	 * @param failure why it failed
	 */
	record Result(String name, boolean skipped, @Nullable String failure) {
	}

	/**
	 * Skips the current test if Node is not installed or too old.
	 */
	static void assumeInstalled() {
		String missing = missing();
		if (missing != null) {
			System.out.println("SKIPPED: the browser client is not tested, because " + missing);
		}
		Assumptions.assumeTrue(missing == null, missing);
	}

	/**
	 * Returns why the client cannot be tested.
	 * @return the reason, or {@code null} if it can be
	 */
	static @Nullable String missing() {
		if (VERSION == null) {
			return "'node' is not on the path";
		}
		Matcher matcher = Pattern.compile("v(\\d+)\\.(\\d+).*").matcher(VERSION);
		return (matcher.matches() && isNewEnough(matcher)) ? null
				: "'node' is %s and not %d.%d or newer".formatted(VERSION, OLDEST[0], OLDEST[1]);
	}

	/**
	 * Runs test files, one after the other.
	 * @param files the files, in the folder {@code test}
	 * @param environment environment variables for the tests
	 * @return the result of each test
	 */
	static List<Result> test(List<String> files, Map<String, String> environment) {
		List<String> arguments = new ArrayList<>(List.of("--test", "--test-concurrency=1",
				"--test-timeout=" + TIMEOUT.minusSeconds(20).toMillis(), "--test-reporter=./test/reporter.js"));
		files.forEach((file) -> arguments.add("test/" + file));
		Output output = run(arguments, environment);
		List<Result> results = output.text().lines().map(JSON::readTree).map(Node::result).toList();
		boolean failed = results.stream().anyMatch((result) -> result.failure() != null);
		if (results.isEmpty() || (output.status() != 0) != failed) {
			throw new IllegalStateException("node exited with status %d and printed: %s%s".formatted(output.status(),
					output.text(), output.errors()));
		}
		return results;
	}

	/**
	 * Runs a script.
	 * @param script the script, in the folder {@code test}
	 * @param arguments its arguments
	 * @return its output as JSON
	 */
	static JsonNode run(String script, String... arguments) {
		List<String> all = new ArrayList<>(List.of("test/" + script));
		all.addAll(List.of(arguments));
		Output output = run(all, Map.of());
		if (output.status() != 0) {
			throw new IllegalStateException("node exited with status " + output.status() + ": " + output.errors());
		}
		return JSON.readTree(output.text());
	}

	private static Output run(List<String> arguments, Map<String, String> environment) {
		List<String> command = new ArrayList<>(List.of("node", "--no-warnings", "--experimental-websocket"));
		command.addAll(arguments);
		return execute(command, environment);
	}

	/**
	 * Runs a command.
	 * @param command the command and its arguments
	 * @param environment additional environment variables
	 * @return its output and exit status
	 * @throws UncheckedIOException if there is no such command
	 */
	static Output execute(List<String> command, Map<String, String> environment) {
		try {
			Path out = Files.createTempFile("node-", ".out");
			Path err = Files.createTempFile("node-", ".err");
			try {
				ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile())
					.redirectError(err.toFile());
				builder.environment().putAll(environment);
				// nested in another test, node would use another report format
				builder.environment().remove("NODE_TEST_CONTEXT");
				Process process = builder.start();
				if (!process.waitFor(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
					process.descendants().forEach(ProcessHandle::destroyForcibly);
					process.destroyForcibly().waitFor();
					throw new IllegalStateException(
							"node did not exit within %s and printed: %s%s".formatted(TIMEOUT, read(out), read(err)));
				}
				return new Output(process.exitValue(), read(out), read(err));
			}
			finally {
				Files.delete(out);
				Files.delete(err);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static Result result(JsonNode line) {
		return new Result(line.path("name").asString(), line.path("skipped").asBoolean(),
				line.path("failure").asString(null));
	}

	private static String read(Path file) throws IOException {
		return Files.readString(file, StandardCharsets.UTF_8);
	}

	private static @Nullable String version() {
		try {
			return execute(List.of("node", "--version"), Map.of()).text().trim();
		}
		catch (UncheckedIOException ex) {
			return null;
		}
	}

	private static boolean isNewEnough(Matcher version) {
		int major = Integer.parseInt(version.group(1));
		return major > OLDEST[0] || major == OLDEST[0] && Integer.parseInt(version.group(2)) >= OLDEST[1];
	}

	/**
	 * Output and exit status of a process.
	 *
	 * @param status its exit status
	 * @param text what it wrote to its output
	 * @param errors what it wrote to its error output
	 */
	record Output(int status, String text, String errors) {
	}

}
