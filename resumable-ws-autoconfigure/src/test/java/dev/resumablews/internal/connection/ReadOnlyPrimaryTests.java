package dev.resumablews.internal.connection;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.ReplayingClient;
import dev.resumablews.testing.RestartablePostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The primary becomes read-only under the pool's connections, as one that is demoted
 * does, while new connections could write.
 */
class ReadOnlyPrimaryTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	@Test
	void connectionsToAReadOnlyPrimaryAreGivenUp() throws Exception {
		try (RestartablePostgres postgres = RestartablePostgres.start();
				TestServer server = TestServer.builder().database(postgres.url()).with(Votes.class).start();
				ReplayingClient client = ReplayingClient.start(
						() -> WsTestClient.to(server.uri()).query("token", Tokens.forUser("alice")).patience(PATIENCE),
						PATIENCE)) {
			client.awaitAck(client.say("before"));
			becomeReadOnly(postgres.url());
			client.awaitAck(client.say("after"));
			String vote = UUID.randomUUID().toString();
			client.sendOnce(Map.of("type", "vote", "idempotency_key", vote));
			client.awaitAck(vote);
			client.awaitEvent((event) -> event.path("type").asString().equals("counted"));
			try (WsTestClient another = WsTestClient.to(server.uri()).query("token", Tokens.forUser("bob")).connect()) {
				assertThat(another.next().path("type").asString("")).isEqualTo("session_init");
			}
			assertThat(client.errors()).allMatch((error) -> error.path("code").asString("").equals("unavailable"));
			assertThat(client.violations()).isEmpty();
		}
	}

	private static void becomeReadOnly(String url) throws SQLException {
		try (Connection connection = DriverManager.getConnection(url)) {
			for (String sql : new String[] { "alter role postgres set default_transaction_read_only = off",
					"alter system set default_transaction_read_only = on", "select pg_reload_conf()" }) {
				connection.createStatement().execute(sql);
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Votes {

		@Bean
		ClientMessageHandler votes(ResumableSessions sessions) {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "vote";
				}

				@Override
				public void handle(ClientMessage message) {
					sessions.publish(message.sessionId(), "counted", Map.of("n", 1));
				}

			};
		}

	}

}
