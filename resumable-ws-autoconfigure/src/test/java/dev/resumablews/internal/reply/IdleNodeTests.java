package dev.resumablews.internal.reply;

import java.time.Duration;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What a node does in Postgres that answers messages, and has neither clients nor
 * replies.
 */
class IdleNodeTests {

	/**
	 * Backends report what they did at start-up when they have been idle for 10 seconds.
	 */
	private static final Duration SETTLING = Duration.ofSeconds(25);

	private static final Duration WINDOW = Duration.ofSeconds(30);

	/**
	 * Half of ten in a minute, and what reads the counters.
	 */
	private static final long TRANSACTIONS = 5 + 2;

	/**
	 * The connection that listens is checked every 10 seconds.
	 */
	private static final long LISTENER_CHECKS = 3;

	@ParameterizedTest
	@ValueSource(strings = { "postgres", "polling" })
	void anIdleNodeWritesNothingAndSendsAFewTransactionsAMinute(String signal) {
		String database = TestPostgres.createDatabase();
		try (TestServer server = TestServer.builder()
			.database(database)
			.with(Generator.class)
			.properties("resumable-ws.cluster.signal", signal)
			.start()) {
			assertThat(server.bean(ReplyScheduler.class).answers()).isTrue();
			JdbcClient sql = JdbcClient.create(new SingleConnectionDataSource(database, true));
			awaitSilence(SETTLING);
			long transactions = transactions(sql);
			long writes = writes(sql);
			awaitSilence(WINDOW);
			long sent = transactions(sql) - transactions;
			System.out.printf("%s: %d transactions in %s%n", signal, sent, WINDOW);
			assertThat(sent).isLessThanOrEqualTo(TRANSACTIONS + (signal.equals("postgres") ? LISTENER_CHECKS : 0));
			assertThat(writes(sql)).isEqualTo(writes);
		}
	}

	private static void awaitSilence(Duration duration) {
		await().pollDelay(duration).atMost(duration.multipliedBy(10)).until(() -> true);
	}

	private static long transactions(JdbcClient sql) {
		return sql.sql("select xact_commit + xact_rollback from pg_stat_database where datname = current_database()")
			.query(Long.class)
			.single();
	}

	private static long writes(JdbcClient sql) {
		return sql
			.sql("select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables"
					+ " where relname like 'ws\\_%'")
			.query(Long.class)
			.single();
	}

	@Configuration(proxyBeanMethods = false)
	static class Generator {

		@Bean
		ReplyGenerator generator() {
			return (request) -> Flux.never();
		}

	}

}
