package dev.resumablews.client;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/**
 * Reports the results of Node's tests as JUnit tests.
 */
final class Scenarios {

	private Scenarios() {
	}

	/**
	 * Runs scenarios, or skips them if Node is not installed.
	 * @param run runs them
	 * @return a test for each result
	 */
	static Stream<DynamicTest> of(Supplier<List<Node.Result>> run) {
		if (Node.missing() != null) {
			return Stream.of(DynamicTest.dynamicTest("Node is installed", Node::assumeInstalled));
		}
		return run.get().stream().map((result) -> DynamicTest.dynamicTest(result.name(), () -> check(result)));
	}

	private static void check(Node.Result result) {
		Assumptions.assumeFalse(result.skipped(), "skipped by Node");
		if (result.failure() != null) {
			throw new AssertionError(result.failure());
		}
	}

}
