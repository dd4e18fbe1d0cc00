package dev.resumablews.internal.cleanup;

import java.util.List;

import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.schema.SchemaAutoConfiguration;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.scheduling.TaskScheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class CleanupAutoConfigurationTests {

	private final String url = TestPostgres.createDatabase();

	private final JdbcTemplate jdbc = new JdbcTemplate(new DriverManagerDataSource(this.url));

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class, DataSourceAutoConfiguration.class,
				DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class, CleanupAutoConfiguration.class))
		.withPropertyValues("spring.datasource.url=" + this.url, "resumable-ws.schema.migrate=false",
				"resumable-ws.cleanup.interval=100ms");

	@BeforeEach
	void createTables() {
		TestPostgres.createTables(new DriverManagerDataSource(this.url));
		this.jdbc.update("""
				insert into ws_sessions (session_id, user_id, last_active_at, active_since, events_since)
				values (gen_random_uuid(), 'ann', now() - interval '31 days', '-infinity', '-infinity'),
					(gen_random_uuid(), 'bob', now(), now(), now())
				""");
		this.jdbc.update("""
				insert into ws_events (session_id, id, type, payload, created_at)
				select session_id, 1, 'test', '{}', last_active_at from ws_sessions
				""");
		this.jdbc.update("""
				insert into ws_idempotency_keys (session_id, idempotency_key, created_at)
				select session_id, gen_random_uuid(), now() - interval '8 days' from ws_sessions
				""");
		this.jdbc.update("""
				insert into ws_live_connections (session_id, connection_id, user_id, node_id, last_seen_at)
				select session_id, gen_random_uuid(), user_id, gen_random_uuid(), now() - interval '6 minutes'
				from ws_sessions
				""");
	}

	@Test
	void theCleanupRunsAtEachIntervalOnItsOwnThread() {
		this.runner.run((context) -> {
			assertThat(context).hasSingleBean(CleanupSchedule.class).doesNotHaveBean(TaskScheduler.class);
			await().until(() -> count("ws_sessions") == 1);
			this.jdbc.update(
					"update ws_sessions set active_since = '-infinity', last_active_at = now() - interval '31 days'");
			await().until(() -> count("ws_sessions") == 0);
			assertThat(threads()).hasSize(1).allMatch(Thread::isDaemon);
		});
		await().until(() -> threads().isEmpty());
	}

	@Test
	void theCleanupStopsAndStartsWithTheContext() {
		this.runner.run((context) -> {
			CleanupSchedule schedule = context.getBean(CleanupSchedule.class);
			assertThat(schedule.isRunning()).isTrue();
			schedule.stop();
			assertThat(schedule.isRunning()).isFalse();
			await().until(() -> threads().isEmpty());
			schedule.start();
			await().until(() -> count("ws_sessions") == 1);
		});
	}

	@Test
	void aCronExpressionReplacesTheInterval() {
		this.runner.withPropertyValues("resumable-ws.cleanup.interval=1000d", "resumable-ws.cleanup.cron=* * * * * *")
			.run((context) -> await().until(() -> count("ws_sessions") == 1));
	}

	@Test
	void anEmptyCronExpressionIsIgnored() {
		this.runner.withPropertyValues("resumable-ws.cleanup.cron=")
			.run((context) -> await().until(() -> count("ws_sessions") == 1));
	}

	@Test
	void aFailedRunDoesNotEndTheSchedule() {
		this.jdbc.execute("""
				create or replace function refuse() returns trigger language plpgsql
				as 'begin raise exception ''refused''; end'
				""");
		this.jdbc.execute(
				"create trigger refuse before delete on ws_idempotency_keys for each row execute function refuse()");
		this.runner.withPropertyValues("resumable-ws.cleanup.idempotency-key-ttl=1d").run((context) -> {
			await().until(() -> threads().size() == 1);
			assertThat(count("ws_idempotency_keys")).isPositive();
			this.jdbc.execute("drop trigger refuse on ws_idempotency_keys");
			await().until(() -> count("ws_idempotency_keys") == 0);
		});
	}

	@ParameterizedTest
	@CsvSource({ "session-ttl=40d, ws_sessions, 2", "session-ttl=0, ws_sessions, 2", "session-ttl=10d, ws_sessions, 1",
			"event-ttl=10d, ws_events, 1", "idempotency-key-ttl=10d, ws_idempotency_keys, 2",
			"idempotency-key-ttl=1d, ws_idempotency_keys, 0", "live-connection-ttl=10m, ws_live_connections, 2",
			"live-connection-ttl=1m, ws_live_connections, 0", "batch-size=1, ws_events, 1" })
	void propertiesDefineRetention(String property, String table, long rows) {
		if (property.startsWith("live") || property.startsWith("idem")) {
			this.jdbc.update("update ws_sessions set last_active_at = now()");
		}
		this.jdbc.update("insert into ws_idempotency_keys values (gen_random_uuid(), gen_random_uuid(), null, "
				+ "now() - interval '1000 days')");
		this.jdbc.update("""
				with session as (
					insert into ws_sessions (session_id, user_id, events_since)
					values (gen_random_uuid(), 'cleaned-up', '-infinity')
					returning session_id
				)
				insert into ws_events (session_id, id, type, payload, created_at)
				select session_id, 1, 'test', '{}', now() - interval '1000 days' from session
				""");
		this.runner.withPropertyValues("resumable-ws.cleanup." + property).run((context) -> {
			// events are removed last, so the other tables are done
			await().until(() -> this.jdbc.queryForObject(
					"select count(*) from ws_events where created_at < now() - interval '999 days'", Long.class) == 0);
			this.jdbc.update("delete from ws_sessions where user_id = 'cleaned-up'");
			assertThat(count(table)).isEqualTo(rows);
		});
	}

	@ParameterizedTest
	@CsvSource({ "1h, 0", "3d, 1", "0, 1" })
	void aClosedSessionIsKeptForItsTtl(String ttl, long rows) {
		this.jdbc.update("""
				with session as (
					insert into ws_sessions (session_id, user_id, events_since, closed_at)
					values (gen_random_uuid(), 'open', '-infinity', null),
						(gen_random_uuid(), 'closed', '-infinity', now() - interval '2 days')
					returning session_id, user_id
				)
				insert into ws_events (session_id, id, type, payload, created_at)
				select session_id, 1, 'test', '{}', now() - interval '1000 days' from session where user_id = 'open'
				""");
		this.runner
			.withPropertyValues("resumable-ws.cleanup.session-ttl=0", "resumable-ws.cleanup.closed-session-ttl=" + ttl)
			.run((context) -> {
				// events are removed last, so the other tables are done
				await().until(() -> this.jdbc.queryForObject(
						"select count(*) from ws_events where created_at < now() - interval '999 days'",
						Long.class) == 0);
				assertThat(this.jdbc.queryForObject("select count(*) from ws_sessions where user_id = 'closed'",
						Long.class))
					.isEqualTo(rows);
			});
	}

	@Test
	void aTtlOfZeroKeepsEventsForever() {
		this.jdbc.update("update ws_sessions set last_active_at = now()");
		this.jdbc.update("update ws_events set created_at = now() - interval '1000 days'");
		this.jdbc.update("update ws_sessions set events_since = '-infinity'");
		this.runner.withPropertyValues("resumable-ws.cleanup.event-ttl=0").run((context) -> {
			await().until(() -> count("ws_idempotency_keys") == 0);
			this.jdbc.update(
					"update ws_sessions set active_since = '-infinity', last_active_at = now() - interval '31 days' where user_id = 'ann'");
			await().until(() -> count("ws_sessions") == 1);
			assertThat(count("ws_events")).isEqualTo(1);
		});
	}

	@ParameterizedTest
	@CsvSource({ "cron, every day", "interval, 0", "session-ttl, -1s", "event-ttl, -1s", "idempotency-key-ttl, 0",
			"live-connection-ttl, 0", "batch-size, 0" })
	void invalidValuesAreNamed(String property, String value) {
		this.runner.withPropertyValues("resumable-ws.cleanup." + property + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("resumable-ws.cleanup." + property + " must be"));
	}

	@Test
	void anInvalidCronExpressionIsNamedWithItsValue() {
		this.runner.withPropertyValues("resumable-ws.cleanup.cron=every day")
			.run((context) -> assertThat(context).getFailure().rootCause().hasMessageContaining("'every day'"));
	}

	@Test
	void theCleanupCanBeDisabled() {
		this.runner.withPropertyValues("resumable-ws.cleanup.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(CleanupSchedule.class));
		this.runner.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(CleanupSchedule.class));
	}

	private long count(String table) {
		Long count = this.jdbc.queryForObject("select count(*) from " + table, Long.class);
		return (count != null) ? count : -1;
	}

	private static List<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("resumable-ws-cleanup"))
			.toList();
	}

}
