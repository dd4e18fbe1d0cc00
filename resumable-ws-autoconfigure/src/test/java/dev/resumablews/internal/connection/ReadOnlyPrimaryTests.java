package dev.resumablews.internal.connection;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.testing.RestartablePostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests a primary that becomes read-only for the connections of the pool, as on a
 * demotion, while new connections can write.
 */
class ReadOnlyPrimaryTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	@Test
	void connectionsToAReadOnlyPrimaryAreEvicted() throws Exception {
		try (RestartablePostgres postgres = RestartablePostgres.start();
				TestServer server = TestServer.builder().database(postgres.url()).with(Votes.class).start();
				ResumableWsTestClient client = client(server, "alice").start()) {
			client.awaitAck(client.say("before"));
			becomeReadOnly(postgres.url());
			client.awaitAck(client.say("after"));
			client.awaitAck(client.send("vote", null));
			client.awaitEvent("counted");
			try (ResumableWsTestClient another = client(server, "bob").connect()) {
				assertThat(another.isConnected()).isTrue();
			}
			assertThat(client.errors()).allMatch((error) -> error.code().equals("unavailable"));
			assertThat(client.violations()).isEmpty();
		}
	}

	private static ResumableWsTestClientBuilder client(TestServer server, String user) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE);
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
