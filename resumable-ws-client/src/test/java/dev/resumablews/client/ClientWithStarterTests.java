package dev.resumablews.client;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The client against an application with the real starter, a real Postgres and a network
 * that breaks.
 */
class ClientWithStarterTests {

	@TestFactory
	Stream<DynamicTest> scenarios() {
		Node.assumeThere();
		try (Starter starter = Starter.create()) {
			return Scenarios.of(Node.test(List.of("starter/scenarios.test.js"),
					Map.of("STARTER_URL", starter.url(), "STARTER_CONTROL", starter.controlUrl())));
		}
	}

}
