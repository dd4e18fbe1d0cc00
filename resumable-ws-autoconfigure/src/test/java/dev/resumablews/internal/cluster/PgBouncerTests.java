package dev.resumablews.internal.cluster;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import javax.sql.DataSource;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.PgBouncer;
import dev.resumablews.testing.StartFailure;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * Tests nodes that connect to Postgres through PgBouncer, mostly in transaction mode.
 */
@NotUnderFaults("The pooler is in the way of the faults")
@ExtendWith(OutputCaptureExtension.class)
class PgBouncerTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static String direct;

	private static PgBouncer pooler;

	@BeforeAll
	static void startPooler() {
		Assumptions.assumeTrue(PgBouncer.isInstalled(), "PgBouncer is not installed");
		direct = TestPostgres.createDatabase();
		pooler = PgBouncer.start(direct, 20);
	}

	@AfterAll
	static void stopPooler() {
		if (pooler != null) {
			pooler.close();
		}
	}

	@Test
	void aListenerThatReceivesNoNotificationsIsReportedWithTheRemedy(CapturedOutput output) {
		try (TestServer node = TestServer.start("spring.datasource.url", pooler.url() + "&prepareThreshold=0")) {
			await().atMost(PATIENCE).until(() -> output.getOut().contains("receives none"));
			assertThat(output.getOut()).contains("PgBouncer", "resumable-ws.cluster.signal=polling",
					"resumableWsListenerDataSource");
			assertThat(node.isRunning()).isTrue();
		}
	}

	@Test
	void withPollingEventsOfOtherNodesArriveWithoutDelay(CapturedOutput output) {
		try (TwoNodes nodes = new TwoNodes("spring.datasource.url", pooler.url() + "&prepareThreshold=0",
				"resumable-ws.cluster.signal", "polling", "resumable-ws.cluster.backstop-interval", "1h");
				ResumableWsTestClient client = nodes.connect("ann")) {
			nodes.assertDelivered(client, TwoNodes.session(client), 1, 20);
		}
		assertThat(output.getOut()).doesNotContain("receives none");
	}

	@Test
	void withADirectListenerConnectionEventsOfOtherNodesArriveWithoutDelay(CapturedOutput output) {
		try (TwoNodes nodes = new TwoNodes(new Class<?>[] { DirectListener.class }, "spring.datasource.url",
				pooler.url() + "&prepareThreshold=0", "direct", direct, "resumable-ws.cluster.backstop-interval", "1h");
				ResumableWsTestClient client = nodes.connect("ann")) {
			await().atMost(PATIENCE).until(() -> hearing(direct) == 2);
			nodes.assertDelivered(client, TwoNodes.session(client), 1, 20);
		}
		assertThat(output.getOut()).doesNotContain("receives none");
	}

	@Test
	void sessionModeNeedsNoConfiguration(CapturedOutput output) {
		String database = TestPostgres.createDatabase();
		try (PgBouncer session = PgBouncer.start(database, 60, "session");
				TwoNodes nodes = new TwoNodes("spring.datasource.url", session.url(),
						"resumable-ws.cluster.backstop-interval", "1h");
				ResumableWsTestClient client = nodes.connect("ann")) {
			await().atMost(PATIENCE).until(() -> hearing(database) == 2);
			nodes.assertDelivered(client, TwoNodes.session(client), 1, 20);
		}
		assertThat(output.getOut()).doesNotContain("receives none", "prepareThreshold");
	}

	@Test
	void statementModePreventsTheStart() {
		try (PgBouncer statement = PgBouncer.start(TestPostgres.createDatabase(), 20, "statement")) {
			assertThat(catchThrowable(
					() -> TestServer.start("spring.datasource.url", statement.url() + "&prepareThreshold=0")))
				.isNotNull();
		}
	}

	@Test
	void conflictingPreparedStatementsAreReportedWithTheRemedy(CapturedOutput output) throws SQLException {
		try (TwoNodes nodes = new TwoNodes("spring.datasource.url", pooler.url(), "resumable-ws.cluster.signal",
				"polling")) {
			UUID session = UUID.randomUUID();
			new JdbcTemplate(new DriverManagerDataSource(direct))
				.update("insert into ws_sessions (session_id, user_id) values (?, 'ann')", session);
			prepareOnServerConnections(pooler.url(), 12);
			await().atMost(PATIENCE).until(() -> {
				for (TestServer node : List.of(nodes.first(), nodes.second())) {
					node.bean(ResumableSessions.class).publishAsync(session, "tick", Map.of("n", 1));
				}
				return output.getOut().contains("prepareThreshold=0");
			});
			assertThat(output.getOut()).contains("PgBouncer");
		}
	}

	@Test
	void conflictingPreparedStatementsAtStartAreExplained() throws SQLException {
		String empty = TestPostgres.createDatabase();
		try (PgBouncer small = PgBouncer.start(empty, 2)) {
			prepareOnServerConnections(small.url(), 2);
			FailureAnalysis analysis = StartFailure.analyze(catchThrowable(() -> TestServer
				.start("spring.datasource.url", small.url(), "resumable-ws.cluster.signal", "polling")));
			assertThat(analysis.getDescription()).contains("PgBouncer", "prepared statement");
			assertThat(analysis.getAction()).contains("prepareThreshold=0");
		}
	}

	/**
	 * Prepares statements with the names that the driver uses on several server
	 * connections of the pooler, so that every server connection that a node gets has
	 * these names in use.
	 */
	private static void prepareOnServerConnections(String url, int count) throws SQLException {
		List<Connection> connections = new ArrayList<>();
		try {
			for (int i = 0; i < count; i++) {
				Connection connection = DriverManager.getConnection(url + "&prepareThreshold=0");
				connections.add(connection);
				connection.setAutoCommit(false);
				JdbcTemplate jdbc = new JdbcTemplate(new SingleConnectionDataSource(connection, true));
				Set<String> names = new HashSet<>(
						jdbc.queryForList("select name from pg_prepared_statements", String.class));
				for (int n = 1; n <= 100; n++) {
					if (names.add("S_" + n)) {
						jdbc.execute("prepare \"S_" + n + "\" as select 1");
					}
				}
			}
		}
		finally {
			for (Connection connection : connections) {
				// PgBouncer closes the server connection of a client that leaves within a
				// transaction
				connection.commit();
				connection.close();
			}
		}
	}

	/**
	 * Returns the number of listeners that have received their own probe, and then stop
	 * listening for it.
	 */
	private static int hearing(String database) {
		Integer count = new JdbcTemplate(new DriverManagerDataSource(database)).queryForObject("""
				select count(*) from pg_stat_activity
				where datname = current_database() and application_name = 'resumable-ws listener'
					and query like 'unlisten%'
				""", Integer.class);
		return (count != null) ? count : 0;
	}

	@Configuration(proxyBeanMethods = false)
	static class DirectListener {

		@Bean(defaultCandidate = false)
		DataSource resumableWsListenerDataSource(Environment environment) {
			return new DriverManagerDataSource(environment.getRequiredProperty("direct"));
		}

	}

}
