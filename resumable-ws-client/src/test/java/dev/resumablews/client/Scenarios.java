package dev.resumablews.client;

import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/**
 * Results of Node's tests as tests of JUnit.
 */
final class Scenarios {

	private Scenarios() {
	}

	static Stream<DynamicTest> of(List<Node.Result> results) {
		return results.stream().map((result) -> DynamicTest.dynamicTest(result.name(), () -> check(result)));
	}

	private static void check(Node.Result result) {
		Assumptions.assumeFalse(result.skipped(), "skipped by Node");
		if (result.failure() != null) {
			throw new AssertionError(result.failure());
		}
	}

}
