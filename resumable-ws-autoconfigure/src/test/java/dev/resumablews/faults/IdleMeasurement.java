package dev.resumablews.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.FaultyPostgres;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Measures how many transactions an idle node runs in a minute, and which statements it
 * executes. Not part of the build; run it with {@code -Dtest=IdleMeasurement}.
 */
class IdleMeasurement {

	private static final Duration WARM_UP = Duration.ofSeconds(20);

	private static final Duration MINUTE = Duration.ofMinutes(1);

	/**
	 * Backends report their statistics with a delay of up to ten seconds.
	 */
	private static final Duration STATISTICS_DELAY = Duration.ofSeconds(11);

	@Test
	void measure() {
		List<Node> nodes = List.of(new Node("no generator", false, false), new Node("generator", true, false),
				new Node("generator, one idle client", true, true),
				new Node("generator, polling", true, false, "resumable-ws.cluster.signal", "polling"),
				new Node("no generator, polling", false, false, "resumable-ws.cluster.signal", "polling"),
				new Node("polling, one idle client", true, true, "resumable-ws.cluster.signal", "polling"));
		try (SingleConnectionDataSource admin = new SingleConnectionDataSource(TestPostgres.createDatabase(), true)) {
			JdbcClient sql = JdbcClient.create(admin);
			LockSupport.parkNanos(WARM_UP.toNanos());
			nodes.forEach((node) -> node.begin(sql));
			LockSupport.parkNanos(MINUTE.toNanos());
			nodes.forEach(Node::end);
			LockSupport.parkNanos(STATISTICS_DELAY.toNanos());
			nodes.forEach((node) -> node.report(sql));
		}
		finally {
			nodes.forEach(Node::close);
		}
	}

	/**
	 * An idle node with a separate database. The proxy counts requests, except for those
	 * of the pool itself.
	 */
	private static final class Node implements AutoCloseable {

		private final String name;

		private final FaultyPostgres postgres = FaultyPostgres.to(TestPostgres.createDatabase());

		private final TestServer server;

		private final List<AutoCloseable> clients = new ArrayList<>();

		private Transactions transactionsBefore = new Transactions(0, 0);

		private Map<String, Integer> before = Map.of();

		private Map<String, Integer> after = Map.of();

		Node(String name, boolean generator, boolean client, String... properties) {
			this.name = name;
			TestServer.Builder builder = TestServer.builder().database(this.postgres.url()).properties(properties);
			if (generator) {
				builder.with(ScenarioApplication.class);
			}
			this.server = builder.start();
			if (client) {
				this.clients
					.add(ResumableWsTestClient.builder(this.server.uri()).tokens(Tokens.ISSUER).user("idle").connect());
			}
		}

		void begin(JdbcClient sql) {
			this.transactionsBefore = transactions(sql);
			this.before = this.postgres.executions();
		}

		void end() {
			this.after = this.postgres.executions();
		}

		void report(JdbcClient sql) {
			Transactions now = transactions(sql);
			Map<String, Integer> statements = new LinkedHashMap<>(this.after);
			statements.replaceAll((statement, count) -> count - this.before.getOrDefault(statement, 0));
			statements.values().removeIf((count) -> count == 0);
			System.out.printf("| %-28s | %3d requests in 60 s | %3d transactions, %3d rows written in 71 s |%n",
					this.name, statements.values().stream().mapToInt(Integer::intValue).sum(),
					now.count() - this.transactionsBefore.count(), now.written() - this.transactionsBefore.written());
			statements.forEach((statement, count) -> System.out.printf("    %4d %.120s%n", count, statement));
		}

		private Transactions transactions(JdbcClient sql) {
			String database = this.postgres.directUrl().replaceFirst(".*/([^/?]+)\\?.*", "$1");
			return sql.sql("""
					select xact_commit + xact_rollback, tup_inserted + tup_updated + tup_deleted
					from pg_stat_database where datname = ?
					""")
				.param(database)
				.query((row, number) -> new Transactions(row.getLong(1), row.getLong(2)))
				.single();
		}

		@Override
		public void close() {
			try {
				for (AutoCloseable client : this.clients) {
					client.close();
				}
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
			this.server.close();
			this.postgres.close();
		}

	}

	/**
	 * The transaction statistics of Postgres.
	 */
	private record Transactions(long count, long written) {

	}

}
