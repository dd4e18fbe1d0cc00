package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.Map;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.testing.FaultyPostgres;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the load on Postgres of a node that answers messages but has neither clients nor
 * replies, between two runs of the cleanup.
 */
class IdleNodeTests {

	/**
	 * Backends report the statistics of the start when they have been idle for 10
	 * seconds.
	 */
	private static final Duration SETTLING = Duration.ofSeconds(15);

	private static final Duration WINDOW = Duration.ofSeconds(30);

	/**
	 * Ten a minute.
	 */
	private static final int TRANSACTIONS = 5;

	@Test
	void anIdleNodeWritesNothingAndSendsAFewTransactionsAMinute() {
		try (Node listening = new Node("postgres"); Node polling = new Node("polling")) {
			awaitSilence(SETTLING);
			listening.startMeasurement();
			polling.startMeasurement();
			awaitSilence(WINDOW);
			listening.assertIdle();
			polling.assertIdle();
		}
	}

	private static void awaitSilence(Duration duration) {
		await().pollDelay(duration).atMost(duration.multipliedBy(10)).until(() -> true);
	}

	/**
	 * A node with its own database, and a counter of its requests.
	 */
	private static final class Node implements AutoCloseable {

		private final FaultyPostgres postgres = FaultyPostgres.to(TestPostgres.createDatabase());

		private final JdbcClient sql = JdbcClient
			.create(new SingleConnectionDataSource(this.postgres.directUrl(), true));

		private final TestServer server;

		private Map<String, Integer> requests = Map.of();

		private long writes;

		Node(String signal) {
			this.server = TestServer.builder()
				.database(this.postgres.url())
				.with(Generator.class)
				.properties("resumable-ws.cluster.signal", signal, "resumable-ws.cleanup.enabled", "false")
				.start();
			assertThat(this.server.bean(ReplyScheduler.class).answers()).isTrue();
		}

		void startMeasurement() {
			this.requests = this.postgres.executions();
			this.writes = writes();
		}

		void assertIdle() {
			Map<String, Integer> sent = this.postgres.executions();
			this.requests.forEach((request, before) -> sent.computeIfPresent(request,
					(same, now) -> now.equals(before) ? null : now - before));
			assertThat(sent.values().stream().mapToInt(Integer::intValue).sum()).as("requests %s", sent)
				.isLessThanOrEqualTo(TRANSACTIONS);
			assertThat(writes()).isEqualTo(this.writes);
		}

		private long writes() {
			return this.sql
				.sql("select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables"
						+ " where relname like 'ws\\_%'")
				.query(Long.class)
				.single();
		}

		@Override
		public void close() {
			this.server.close();
			this.postgres.close();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Generator {

		@Bean
		ReplyGenerator generator() {
			return (request) -> Flux.never();
		}

	}

}
