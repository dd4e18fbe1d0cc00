package dev.resumablews.faults;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import tools.jackson.databind.JsonNode;

/**
 * Measures how a server serves well-behaved users: acknowledgements, new connections, and
 * requests to the health endpoint on the management port and on the main port.
 */
final class Service implements AutoCloseable {

	private static final Duration PACE = Duration.ofMillis(200);

	private static final Duration PATIENCE = Duration.ofSeconds(5);

	private final TestServer server;

	private final ResumableWsTestClient client;

	/**
	 * Connects a client.
	 */
	Service(TestServer server) {
		this.server = server;
		this.client = connect();
	}

	/**
	 * Uses the server for the given time.
	 */
	Figures use(Duration time) {
		Figures figures = new Figures();
		long end = System.nanoTime() + time.toNanos();
		while (System.nanoTime() - end < 0) {
			figures.acknowledgements.measure(this::acknowledge);
			figures.connections.measure(() -> connect().close());
			figures.management.measure(() -> health("local.management.port"));
			figures.health.measure(() -> health("local.server.port"));
			LockSupport.parkNanos(PACE.toNanos());
		}
		return figures;
	}

	private void acknowledge() {
		UUID key = UUID.randomUUID();
		this.client.sendOnce(Map.of("type", "note", "payload", Map.of(), "idempotency_key", key));
		JsonNode answer = this.client
			.await(ServerFrame.class,
					(message) -> message.json().path("idempotency_key").asString("").equals(key.toString()))
			.json();
		if (!answer.path("type").asString("").equals("ack")) {
			throw new IllegalStateException("Not acknowledged: " + answer);
		}
	}

	private ResumableWsTestClient connect() {
		ResumableWsTestClient connected = ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user("service-" + UUID.randomUUID())
			.timeout(PATIENCE)
			.connect();
		connected.await("replay_complete");
		return connected;
	}

	/**
	 * The main port has no health endpoint, but any response shows that the port is
	 * served.
	 */
	private void health(String port) throws IOException {
		String number = this.server.context().getEnvironment().getRequiredProperty(port);
		HttpURLConnection connection = (HttpURLConnection) URI.create("http://localhost:" + number + "/actuator/health")
			.toURL()
			.openConnection();
		connection.setConnectTimeout((int) PATIENCE.toMillis());
		connection.setReadTimeout((int) PATIENCE.toMillis());
		connection.setRequestProperty("Connection", "close");
		int status = connection.getResponseCode();
		if (status != 200 && status != 404) {
			throw new IOException("The health endpoint returned status " + status);
		}
		connection.disconnect();
	}

	@Override
	public void close() {
		this.client.close();
	}

	/**
	 * The measured times.
	 */
	static final class Figures {

		private final Times acknowledgements = new Times();

		private final Times connections = new Times();

		private final Times management = new Times();

		private final Times health = new Times();

		int failed() {
			return this.acknowledgements.failed + this.connections.failed + this.management.failed;
		}

		static String header() {
			return """
					| %-50s | ack p50 / p99 ms   | connect p50 / p99  | management port    | same port          |
					|%s|--------------------|--------------------|--------------------|--------------------|
					""".formatted("p50 / p99 in ms, and how many failed", "-".repeat(52));
		}

		String row(String name) {
			return "| %-50s | %18s | %18s | %18s | %18s |%n".formatted(name, this.acknowledgements, this.connections,
					this.management, this.health);
		}

	}

	private static final class Times {

		private final List<Long> nanos = new ArrayList<>();

		private int failed;

		void measure(Action action) {
			long begin = System.nanoTime();
			try {
				action.run();
				this.nanos.add(System.nanoTime() - begin);
			}
			catch (IOException | RuntimeException | AssertionError ex) {
				this.failed++;
			}
		}

		@Override
		public String toString() {
			if (this.nanos.isEmpty()) {
				return "- (" + this.failed + ")";
			}
			Collections.sort(this.nanos);
			return "%d / %d (%d)".formatted(millis(50), millis(99), this.failed);
		}

		private long millis(int percent) {
			return TimeUnit.NANOSECONDS
				.toMillis(this.nanos.get(Math.min(this.nanos.size() - 1, this.nanos.size() * percent / 100)));
		}

	}

	private interface Action {

		void run() throws IOException;

	}

}
