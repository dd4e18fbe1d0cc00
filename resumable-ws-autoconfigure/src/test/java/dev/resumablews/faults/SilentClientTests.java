package dev.resumablews.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.admission.HeldByNode;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that clients that never read, and connections without a complete request, do not
 * affect others. {@link SilentClientMeasurement} measures this with thousands of clients.
 */
@NotUnderFaults("Asserts that every message of another user is acknowledged")
class SilentClientTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final int CONNECTIONS = 50;

	@ParameterizedTest(name = "on Jetty: {0}")
	@ValueSource(booleans = { false, true })
	void clientsThatNeverReadAreClosedAndOthersAreServed(boolean jetty) throws IOException {
		try (TestServer server = start(jetty, "resumable-ws.connection.send-timeout", "2s",
				"resumable-ws.connection.heartbeat-interval", "2s", "resumable-ws.connection.heartbeat-timeout", "10s");
				Service service = new Service(server)) {
			int others = HeldByNode.of(server).connections();
			try (SilentClients silent = new SilentClients(server, 5, CONNECTIONS / 5)) {
				silent.publish(30);
				assertThat(service.use(Duration.ofSeconds(1)).failed()).isZero();
				// 4408 for clients whose network buffers hold all events
				await().atMost(PATIENCE)
					.until(() -> server.bean(Closes.class).count(1013)
							+ server.bean(Closes.class).count(4408) == CONNECTIONS);
				await().atMost(PATIENCE)
					.until(() -> HeldByNode.of(server).places() == others && HeldByNode.of(server).budgets() == others);
			}
		}
	}

	@ParameterizedTest(name = "on Jetty: {0}")
	@ValueSource(booleans = { false, true })
	void connectionsWithoutACompleteRequestAreClosedAndOthersAreServed(boolean jetty) throws Exception {
		try (TestServer server = start(jetty, "server.tomcat.connection-timeout", "1s",
				"server.jetty.connection-idle-timeout", "1s"); Service service = new Service(server)) {
			for (String beginning : List.of("", "GET /ws HTTP/1.1\r\nHost: localhost\r\n")) {
				try (HalfOpenConnections halfOpen = new HalfOpenConnections(server.port(), CONNECTIONS, beginning,
						false)) {
					await().atMost(PATIENCE).until(() -> halfOpen.open() >= CONNECTIONS);
					assertThat(service.use(Duration.ofSeconds(1)).failed()).isZero();
					await().atMost(PATIENCE).until(() -> halfOpen.opened() >= 2 * CONNECTIONS);
				}
			}
		}
	}

	static TestServer start(boolean jetty, String... properties) {
		return TestServer.builder()
			.jetty(jetty)
			.with(Application.class)
			.properties("management.server.port", "0", "resumable-ws.user.messages-per-second", "0")
			.properties(properties)
			.start();
	}

	/**
	 * Records the close codes of connections.
	 */
	static final class Closes implements ResumableWsListener {

		private final List<Integer> codes = new CopyOnWriteArrayList<>();

		@Override
		public void onConnectionClosed(int code) {
			this.codes.add(code);
		}

		long count(int code) {
			return this.codes.stream().filter((each) -> each == code).count();
		}

		List<Integer> codes() {
			return List.copyOf(this.codes);
		}

		void clear() {
			this.codes.clear();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		Closes closes() {
			return new Closes();
		}

		@Bean
		ClientMessageHandler note() {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "note";
				}

				@Override
				public void handle(ClientMessage message) {
				}

			};
		}

	}

}
