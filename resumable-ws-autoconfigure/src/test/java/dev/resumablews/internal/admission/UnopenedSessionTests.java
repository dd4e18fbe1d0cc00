package dev.resumablews.internal.admission;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;

import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests clients that send messages and leave before their session is open.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("Waits for a session that is not opened")
class UnopenedSessionTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private String url;

	private TestServer server;

	@BeforeAll
	void start() {
		this.url = TestPostgres.createDatabase();
		this.server = TestServer.builder()
			.database(this.url)
			.properties("resumable-ws.user.max-waiting-messages", "5", "resumable-ws.connection.send-timeout", "2s")
			.start();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void queuedMessagesAreReleasedWhenTheClientLeavesBeforeItsSessionIsOpen() throws SQLException {
		whileSessionsCannotOpen(() -> {
			for (int i = 0; i < 3; i++) {
				RawWebSocketClient client = connect("alice");
				send(client, 5);
				client.abort();
			}
		});
		assertServed("alice");
	}

	@Test
	void queuedMessagesAreReleasedWhenTheSessionIsNotOpenedInTime() throws SQLException {
		whileSessionsCannotOpen(() -> {
			try (RawWebSocketClient client = connect("bob")) {
				send(client, 5);
				assertThat(client.awaitClose()).isEqualTo(1013);
			}
		});
		assertServed("bob");
	}

	private void whileSessionsCannotOpen(Runnable attempt) throws SQLException {
		try (Connection connection = DriverManager.getConnection(this.url);
				Statement statement = connection.createStatement()) {
			connection.setAutoCommit(false);
			statement.execute("lock table ws_sessions in access exclusive mode");
			attempt.run();
			await().atMost(PATIENCE).until(() -> this.server.bean(Connections.class).all().isEmpty());
			await().atMost(PATIENCE).until(() -> HeldByNode.of(this.server).budgets() == 0);
			connection.rollback();
		}
	}

	private static void send(RawWebSocketClient client, int messages) {
		for (int i = 0; i < messages; i++) {
			client.send("{\"type\":\"resume\",\"lastEventId\":0}");
			client.send("{\"type\":\"unknown\"}");
		}
		// the messages before the ping have been processed when the pong arrives
		client.ping();
		await().atMost(PATIENCE).until(() -> client.pongsReceived() > 0);
	}

	private void assertServed(String user) {
		try (RawWebSocketClient client = connect(user)) {
			client.send("{\"type\":\"unknown\"}");
			assertThat(client.await("error").path("code").asString("")).isEqualTo("unknown_type");
		}
	}

	private RawWebSocketClient connect(String user) {
		return RawWebSocketClient.to(this.server.uri())
			.query("token", Tokens.forUser(user))
			.query("sessionId", UUID.randomUUID())
			.timeout(PATIENCE)
			.connect();
	}

}
