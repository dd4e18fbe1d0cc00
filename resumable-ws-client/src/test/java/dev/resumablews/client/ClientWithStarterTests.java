package dev.resumablews.client;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs the tests of the client against an application with the starter, a real Postgres
 * and an unreliable network, over each transport.
 */
class ClientWithStarterTests {

	@TestFactory
	Stream<DynamicContainer> scenarios() {
		return Stream.of("websocket", "sse", "longpoll")
			.map((transport) -> DynamicContainer.dynamicContainer(transport, scenarios(transport)));
	}

	private static Stream<DynamicTest> scenarios(String transport) {
		return Scenarios.of(() -> {
			try (Starter starter = Starter.create()) {
				return Node.test(List.of("starter/scenarios.test.js"), Map.of("STARTER_URL", starter.url(),
						"STARTER_CONTROL", starter.controlUrl(), "TRANSPORT", transport));
			}
		});
	}

}
