package dev.resumablews.internal.cleanup;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.schema.SchemaName;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.jdbc.core.JdbcTemplate;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@NotUnderFaults("What a sweep fails to remove is left to the next run")
class CleanupTests {

	private static final CleanupSettings SETTINGS = new CleanupSettings(Duration.ofDays(30), Duration.ofDays(1),
			Duration.ofDays(20), Duration.ofDays(7), Duration.ofMinutes(5), 10);

	private final Map<String, Long> removed = new ConcurrentHashMap<>();

	private final Map<String, Duration> overdue = new ConcurrentHashMap<>();

	private String url = "";

	private HikariDataSource pool = new HikariDataSource();

	private JdbcTemplate jdbc = new JdbcTemplate();

	@BeforeAll
	void createTables() {
		this.url = TestPostgres.createDatabase();
		this.pool = TestPostgres.pool(this.url);
		this.jdbc = new JdbcTemplate(this.pool);
		TestPostgres.createTables(this.pool);
	}

	@AfterAll
	void closePool() {
		this.pool.close();
	}

	@BeforeEach
	void empty() {
		this.jdbc
			.execute("truncate ws_sessions, ws_events, ws_idempotency_keys, ws_live_connections, ws_connected_nodes, "
					+ "ws_empty_sessions, ws_signals, ws_disconnects, ws_replies");
		this.removed.clear();
	}

	@Test
	void anIdleSessionIsRemovedWithAllItsRows() {
		UUID idle = session("31 days");
		events(idle, 1, 25, "1 day");
		keys(idle, 25, "1 day");
		live(idle, "6 minutes");
		UUID active = session("29 days");
		events(active, 1, 3, "1 day");
		keys(active, 3, "1 day");
		live(active, "4 minutes");
		cleanup(SETTINGS).run();
		assertThat(counts()).isEqualTo(
				Map.of("ws_sessions", 1L, "ws_events", 3L, "ws_idempotency_keys", 3L, "ws_live_connections", 1L));
		assertThat(this.removed)
			.isEqualTo(Map.of("sessions", 1L, "events", 25L, "idempotency_keys", 25L, "live_connections", 1L));
	}

	@Test
	void aSessionWithAConnectionIsNotIdle() {
		UUID quiet = session("31 days");
		live(quiet, "4 minutes");
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_sessions", 1L).containsEntry("ws_live_connections", 1L);
		assertThat(this.removed).isEmpty();
	}

	@Test
	void emptySessionsAreRemovedADayAfterTheirLastConnection() {
		List<UUID> old = Stream.generate(() -> emptySession("25 hours")).limit(25).toList();
		UUID connected = emptySession("25 hours");
		live(connected, "4 minutes");
		live(old.get(0), "6 minutes");
		UUID recent = emptySession("23 hours");
		cleanup(SETTINGS).run();
		assertThat(this.jdbc.queryForList("select session_id from ws_empty_sessions", UUID.class))
			.containsExactlyInAnyOrder(connected, recent);
		assertThat(this.removed).containsEntry("empty_sessions", 25L);
		this.jdbc.update("delete from ws_live_connections");
		cleanup(SETTINGS).run();
		assertThat(this.jdbc.queryForList("select session_id from ws_empty_sessions", UUID.class))
			.containsExactlyInAnyOrder(connected, recent);
	}

	@Test
	void oldEventsAreRemovedAndTheirSessionRecordsIt() {
		UUID session = session("1 minute");
		events(session, 1, 25, "21 days");
		events(session, 26, 30, "19 days");
		UUID other = session("1 minute");
		events(other, 1, 5, "19 days");
		cleanup(SETTINGS).run();
		assertThat(this.jdbc.queryForList("select id from ws_events where session_id = ? order by id", Long.class,
				session))
			.containsExactly(26L, 27L, 28L, 29L, 30L);
		assertThat(truncatedThrough(session)).isEqualTo(25);
		assertThat(truncatedThrough(other)).isZero();
		assertThat(this.removed).isEqualTo(Map.of("events", 25L));
	}

	@Test
	void truncatedThroughNeverDecreases() {
		UUID session = session("1 minute");
		this.jdbc.update("update ws_sessions set truncated_through = 100");
		events(session, 1, 3, "21 days");
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_events", 0L);
		assertThat(truncatedThrough(session)).isEqualTo(100);
	}

	@Test
	void oldEventsAreRemovedEvenIfTheirIdsAreNotInTheOrderOfTheirAge() {
		UUID session = session("1 minute");
		for (int i = 0; i < 60; i++) {
			events(session, i + 1, i + 1, (21 + (i * 37) % 60) + " days");
		}
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_events", 0L);
		assertThat(truncatedThrough(session)).isEqualTo(60);
	}

	@Test
	void oldIdempotencyKeysAreRemoved() {
		UUID session = session("1 minute");
		keys(session, 25, "8 days");
		keys(session, 3, "6 days");
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_idempotency_keys", 3L);
		assertThat(this.removed).isEqualTo(Map.of("idempotency_keys", 25L));
	}

	@Test
	void signalsExceptTheNewestAreRemovedAfterAMinute() {
		signals(25, "2 minutes");
		signals(3, "30 seconds");
		cleanup(SETTINGS).run();
		assertThat(signals()).hasSize(3);
		Long newest = signals().get(2);
		assertThat(this.removed).isEqualTo(Map.of("signals", 25L));
		this.jdbc.update("update ws_signals set created_at = now() - interval '2 minutes'");
		cleanup(SETTINGS).run();
		assertThat(signals()).containsExactly(newest);
	}

	@Test
	void connectionsWithoutARecentHeartbeatAreRemoved() {
		UUID session = session("1 minute");
		for (int i = 0; i < 25; i++) {
			live(session, "6 minutes");
		}
		live(session, "4 minutes");
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_live_connections", 1L);
		assertThat(this.removed).isEqualTo(Map.of("live_connections", 25L));
	}

	@Test
	void connectionsAreKeptWhileTheirNodeIsAlive() {
		UUID session = session("1 minute");
		for (int i = 0; i < 25; i++) {
			live(session, "1 day");
		}
		this.jdbc.update("insert into ws_connected_nodes (node_id, last_seen_at) "
				+ "select node_id, now() - interval '4 minutes' from ws_live_connections");
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_live_connections", 25L);
		this.jdbc.update("update ws_connected_nodes set last_seen_at = now() - interval '6 minutes'");
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_live_connections", 0L);
		assertThat(this.removed).isEqualTo(Map.of("live_connections", 25L));
	}

	@Test
	void aClosedSessionIsRemovedEarlierThanOthersWhateverTheirTtlIs() {
		UUID closed = session("3 days");
		closed(closed, "25 hours");
		events(closed, 1, 25, "1 day");
		keys(closed, 3, "1 day");
		live(closed, "4 minutes");
		UUID justClosed = session("3 days");
		closed(justClosed, "23 hours");
		UUID open = session("3 days");
		CleanupSettings forEver = new CleanupSettings(Duration.ZERO, SETTINGS.closedSessionTtl(), Duration.ZERO,
				SETTINGS.idempotencyKeyTtl(), SETTINGS.liveConnectionTtl(), 10);
		cleanup(forEver).run();
		assertThat(this.jdbc.queryForList("select session_id from ws_sessions", UUID.class))
			.containsExactlyInAnyOrder(justClosed, open);
		assertThat(counts()).containsEntry("ws_events", 0L)
			.containsEntry("ws_idempotency_keys", 0L)
			.containsEntry("ws_live_connections", 0L);
		assertThat(this.removed)
			.isEqualTo(Map.of("sessions", 1L, "events", 25L, "idempotency_keys", 3L, "live_connections", 1L));
	}

	@Test
	void manyClosedSessionsAreRemovedAndALockedOneIsSkipped() throws SQLException {
		List<UUID> closed = Stream.generate(() -> session("3 days")).limit(25).toList();
		closed.forEach((session) -> closed(session, "25 hours"));
		try (Connection other = DriverManager.getConnection(this.url)) {
			other.setAutoCommit(false);
			append(other, closed.get(12), 1);
			cleanup(SETTINGS).run();
			assertThat(this.jdbc.queryForList("select session_id from ws_sessions", UUID.class))
				.containsExactly(closed.get(12));
			assertThat(this.overdue).hasEntrySatisfying("closed_sessions",
					(age) -> assertThat(age).isBetween(Duration.ofMinutes(59), Duration.ofMinutes(70)));
			other.rollback();
		}
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_sessions", 0L);
	}

	@Test
	void closedSessionsCanHaveTheTtlOfOthersAndRemainsOfErasuresAreRemoved() {
		UUID closed = session("3 days");
		closed(closed, "25 hours");
		UUID erased = session("1 minute");
		events(erased, 1, 3, "1 minute");
		this.jdbc.update("update ws_sessions set closed_at = '-infinity' where session_id = ?", erased);
		cleanup(new CleanupSettings(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ofDays(7),
				Duration.ofMinutes(5), 10))
			.run();
		assertThat(this.jdbc.queryForList("select session_id from ws_sessions", UUID.class)).containsExactly(closed);
		assertThat(counts()).containsEntry("ws_events", 0L);
	}

	@Test
	void disconnectsAreRemovedAfterADay() {
		this.jdbc.update("insert into ws_disconnects select gen_random_uuid(), now() - interval '25 hours' "
				+ "from generate_series(1, 25)");
		this.jdbc.update("insert into ws_disconnects values (gen_random_uuid(), now() - interval '23 hours')");
		cleanup(SETTINGS).run();
		assertThat(this.jdbc.queryForObject("select count(*) from ws_disconnects", Long.class)).isOne();
		assertThat(this.removed).isEqualTo(Map.of("disconnects", 25L));
	}

	@Test
	void relaysAreRemovedADayAfterTheirEnd() {
		String insert = "insert into ws_relays (session_id, name, user_id, state, wanted_id, attempted_id, forwarded_id,"
				+ " updated_at) select gen_random_uuid(), 'realtime', 'ann', ?, 1, 1, 1, now() - ?::interval"
				+ " from generate_series(1, ?)";
		this.jdbc.update(insert, "ended", "25 hours", 25);
		this.jdbc.update(insert, "ended", "23 hours", 1);
		this.jdbc.update(insert, "running", "25 hours", 1);
		cleanup(SETTINGS).run();
		assertThat(this.jdbc.queryForObject("select count(*) from ws_relays", Long.class)).isEqualTo(2);
		assertThat(this.removed).isEqualTo(Map.of("relays", 25L));
	}

	@Test
	void aLongWaitForTheLockIsReported(CapturedOutput output) {
		LockWait wait = new LockWait();
		long start = System.nanoTime();
		wait.notAcquired(start + Duration.ofMinutes(59).toNanos());
		assertThat(output).doesNotContain("advisory lock");
		wait.notAcquired(start + Duration.ofMinutes(61).toNanos());
		wait.notAcquired(start + Duration.ofMinutes(65).toNanos());
		assertThat(output.toString().lines()).filteredOn((line) -> line.contains("for 61 minutes"))
			.singleElement()
			.asString()
			.contains("WARN", "pg_locks");
		wait.acquired();
		wait.notAcquired(System.nanoTime());
		assertThat(output.toString().lines()).filteredOn((line) -> line.contains("advisory lock")).hasSize(1);
	}

	@Test
	void aTtlOfZeroRemovesNothing() {
		UUID session = session("400 days");
		events(session, 1, 3, "400 days");
		cleanup(new CleanupSettings(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ofDays(7),
				Duration.ofMinutes(5), 10))
			.run();
		assertThat(counts()).containsEntry("ws_sessions", 1L).containsEntry("ws_events", 3L);
		assertThat(this.removed).isEmpty();
	}

	@Test
	void noTransactionRemovesMoreThanABatch() {
		this.jdbc.execute("""
				create table removals (tx xid8, what text, rows bigint);
				create function count_removals() returns trigger language plpgsql as $$ begin
					insert into removals select pg_current_xact_id(), tg_table_name, count(*) from gone;
					return null;
				end $$;
				create trigger removals after delete on ws_events referencing old table as gone
					execute function count_removals();
				create trigger removals after delete on ws_idempotency_keys referencing old table as gone
					execute function count_removals();
				create trigger removals after delete on ws_sessions referencing old table as gone
					execute function count_removals();
				create trigger removals after delete on ws_live_connections referencing old table as gone
					execute function count_removals();
				""");
		try {
			for (int i = 0; i < 25; i++) {
				UUID idle = session("31 days");
				events(idle, 1, 7, "1 day");
				keys(idle, 3, "1 day");
				UUID active = session("1 minute");
				events(active, 1, 7, "21 days");
				keys(active, 3, "8 days");
				live(active, "6 minutes");
			}
			cleanup(SETTINGS).run();
			assertThat(counts()).isEqualTo(
					Map.of("ws_sessions", 25L, "ws_events", 0L, "ws_idempotency_keys", 0L, "ws_live_connections", 0L));
			assertThat(this.jdbc.queryForList("select sum(rows) from removals group by tx, what", Long.class))
				.allMatch((rows) -> rows <= 10);
		}
		finally {
			this.jdbc.execute("drop function count_removals cascade; drop table removals");
		}
	}

	@Test
	void concurrentCleanupsRemoveEachRowOnce(CapturedOutput output) throws Exception {
		for (int round = 0; round < 5; round++) {
			this.removed.clear();
			for (int i = 0; i < 30; i++) {
				UUID idle = session("31 days");
				events(idle, 1, 5, "1 day");
				UUID active = session("1 minute");
				events(active, 1, 5, "21 days");
			}
			Cleanup cleanup = cleanup(SETTINGS);
			CompletableFuture.allOf(CompletableFuture.runAsync(cleanup), CompletableFuture.runAsync(cleanup))
				.get(1, TimeUnit.MINUTES);
			// each run may have skipped rows that the other had locked
			cleanup.run();
			assertThat(this.removed).isEqualTo(Map.of("sessions", 30L, "events", 300L));
			assertThat(counts()).containsEntry("ws_sessions", 30L * (round + 1)).containsEntry("ws_events", 0L);
		}
		assertThat(output).doesNotContain("Cleanup failed");
	}

	@Test
	void aCleanupThatRunsOnAnotherNodeIsNotRepeated(CapturedOutput output) throws SQLException {
		session("31 days");
		try (Connection other = DriverManager.getConnection(this.url)) {
			other.setAutoCommit(false);
			other.createStatement()
				.execute("select pg_advisory_xact_lock(hashtextextended('resumable-ws cleanup public', 0))");
			this.overdue.clear();
			cleanup(SETTINGS).run();
			assertThat(counts()).containsEntry("ws_sessions", 1L);
			assertThat(this.overdue).containsKeys("sessions", "events", "idempotency_keys");
			other.rollback();
		}
		cleanup(SETTINGS).run();
		assertThat(counts()).containsEntry("ws_sessions", 0L);
		assertThat(output).doesNotContain("Cleanup failed");
	}

	@Test
	void aSessionWithAnUncommittedAppendIsKept() throws SQLException {
		UUID waking = session("31 days");
		UUID idle = session("31 days");
		try (Connection writer = DriverManager.getConnection(this.url)) {
			writer.setAutoCommit(false);
			append(writer, waking, 1);
			cleanup(SETTINGS).run();
			writer.commit();
		}
		cleanup(SETTINGS).run();
		assertThat(this.jdbc.queryForList("select session_id from ws_sessions", UUID.class)).containsExactly(waking)
			.doesNotContain(idle);
		assertThat(counts()).containsEntry("ws_events", 1L);
	}

	@Test
	void aLockedSessionDelaysNoSweep() throws SQLException {
		UUID busy = session("1 minute");
		events(busy, 1, 5, "21 days");
		UUID other = session("1 minute");
		events(other, 1, 5, "21 days");
		UUID idle = session("31 days");
		try (Connection writer = DriverManager.getConnection(this.url)) {
			writer.setAutoCommit(false);
			append(writer, busy, 6);
			cleanup(SETTINGS).run();
			assertThat(sessionsWithEvents()).containsExactly(busy);
			assertThat(this.jdbc.queryForList("select session_id from ws_sessions", UUID.class)).doesNotContain(idle);
			append(writer, busy, 7);
			writer.commit();
		}
		cleanup(SETTINGS).run();
		assertThat(this.jdbc.queryForList("select id from ws_events order by id", Long.class)).containsExactly(6L, 7L);
		assertThat(this.jdbc
			.queryForMap("select last_event_id, truncated_through from ws_sessions where session_id = ?", busy))
			.containsEntry("last_event_id", 7L)
			.containsEntry("truncated_through", 5L);
	}

	@Test
	void aSessionIsSweptAgainWhenItsFirstEventExpires() {
		UUID session = session("1 minute");
		events(session, 1, 3, "21 days");
		events(session, 4, 5, "19 days");
		cleanup(SETTINGS).run();
		assertThat(daysSince("events_since", session)).isEqualTo(19);
		cleanup(new CleanupSettings(SETTINGS.sessionTtl(), SETTINGS.closedSessionTtl(), Duration.ofDays(18),
				SETTINGS.idempotencyKeyTtl(), SETTINGS.liveConnectionTtl(), 10))
			.run();
		assertThat(counts()).containsEntry("ws_events", 0L);
		assertThat(daysSince("events_since", session)).isZero();
	}

	@Test
	void aSessionInUseIsCheckedOncePerTtl() {
		UUID session = session("5 days");
		cleanup(SETTINGS).run();
		assertThat(daysSince("active_since", session)).isEqualTo(5);
	}

	@Test
	void aFailedSweepDoesNotPreventOthers(CapturedOutput output) {
		UUID session = session("1 minute");
		events(session, 1, 3, "21 days");
		keys(session, 3, "8 days");
		this.jdbc.execute("alter table ws_live_connections rename to away");
		try {
			cleanup(SETTINGS).run();
		}
		finally {
			this.jdbc.execute("alter table away rename to ws_live_connections");
		}
		assertThat(counts()).containsEntry("ws_events", 0L).containsEntry("ws_idempotency_keys", 0L);
		assertThat(output).contains("Cleanup of live_connections failed", "Cleanup of sessions failed")
			.doesNotContain("Cleanup of events failed");
	}

	@Test
	void theAgeOfTheOldestOverdueRowIsReported() throws SQLException {
		UUID session = session("1 minute");
		this.jdbc.update("update ws_sessions set events_since = now() - interval '25 days'");
		events(session, 1, 3, "25 days");
		try (Connection writer = DriverManager.getConnection(this.url)) {
			writer.setAutoCommit(false);
			append(writer, session, 4);
			cleanup(SETTINGS).run();
			assertThat(this.overdue).hasEntrySatisfying("events", (age) -> assertThat(age.toDays()).isEqualTo(5))
				.containsEntry("sessions", Duration.ZERO)
				.containsEntry("idempotency_keys", Duration.ZERO);
			writer.rollback();
		}
		cleanup(SETTINGS).run();
		assertThat(this.overdue).containsEntry("events", Duration.ZERO);
	}

	@Test
	void appendsDuringTheCleanupLeaveNoOrphanedEvents() throws Exception {
		for (int i = 0; i < 200; i++) {
			session("31 days");
		}
		List<UUID> sessions = this.jdbc.queryForList("select session_id from ws_sessions", UUID.class);
		CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
			try (Connection connection = DriverManager.getConnection(this.url)) {
				connection.setAutoCommit(false);
				for (UUID session : sessions) {
					append(connection, session, 1);
					connection.commit();
				}
			}
			catch (SQLException ex) {
				throw new IllegalStateException(ex);
			}
		});
		CleanupSettings oneByOne = new CleanupSettings(SETTINGS.sessionTtl(), SETTINGS.closedSessionTtl(),
				SETTINGS.eventTtl(), SETTINGS.idempotencyKeyTtl(), SETTINGS.liveConnectionTtl(), 1);
		do {
			cleanup(oneByOne).run();
		}
		while (!writer.isDone());
		writer.get(1, TimeUnit.MINUTES);
		assertThat(this.jdbc.queryForObject("""
				select count(*) from ws_events e
				where not exists (select from ws_sessions s where s.session_id = e.session_id)
				""", Long.class)).isZero();
	}

	@Test
	void tablesInAnotherSchemaAreCleanedUp() {
		this.jdbc.execute("create schema chat");
		try (HikariDataSource inChat = TestPostgres.pool(this.url + "&currentSchema=chat")) {
			TestPostgres.createTables(inChat);
			new JdbcTemplate(inChat)
				.update("insert into ws_sessions (session_id, user_id, last_active_at, active_since) "
						+ "values (gen_random_uuid(), 'ann', now() - interval '31 days', '-infinity')");
			session("31 days");
			new Cleanup(this.pool, new SchemaName("chat"), SETTINGS, new ResumableWsListener() {
			}).run();
			assertThat(this.jdbc.queryForObject("select count(*) from chat.ws_sessions", Long.class)).isZero();
			assertThat(counts()).containsEntry("ws_sessions", 1L);
		}
		finally {
			this.jdbc.execute("drop schema chat cascade");
		}
	}

	@Test
	void anUnavailableDatabaseIsLoggedInOneLine(CapturedOutput output) {
		HikariDataSource closed = TestPostgres.pool(this.url);
		closed.close();
		new Cleanup(closed, new SchemaName(""), SETTINGS, new ResumableWsListener() {
		}).run();
		assertThat(output.toString().lines()).filteredOn((line) -> line.contains("Cleanup failed"))
			.hasSize(1)
			.allMatch((line) -> line.contains("WARN"));
		assertThat(output).doesNotContain("\tat dev.resumablews");
	}

	@Test
	void removedRowsAreLoggedInOneLine(CapturedOutput output) {
		session("31 days");
		session("31 days");
		cleanup(SETTINGS).run();
		cleanup(SETTINGS).run();
		assertThat(output.toString().lines()).filteredOn((line) -> line.contains("Cleanup removed"))
			.singleElement()
			.asString()
			.endsWith("Cleanup removed {sessions=2}");
	}

	private Cleanup cleanup(CleanupSettings settings) {
		return new Cleanup(this.pool, new SchemaName(""), settings, new ResumableWsListener() {

			@Override
			public void onCleanedUp(String what, long rows) {
				CleanupTests.this.removed.merge(what, rows, Long::sum);
			}

			@Override
			public void onCleanupOverdue(String what, Duration overdue) {
				CleanupTests.this.overdue.put(what, overdue);
			}

		});
	}

	private UUID session(String idleFor) {
		UUID id = UUID.randomUUID();
		this.jdbc.update("""
				insert into ws_sessions (session_id, user_id, last_active_at, active_since, events_since)
				values (?, 'ann', now() - ?::interval, '-infinity', '-infinity')
				""", id, idleFor);
		return id;
	}

	private void closed(UUID session, String age) {
		this.jdbc.update("update ws_sessions set closed_at = now() - ?::interval where session_id = ?", age, session);
	}

	private UUID emptySession(String unusedFor) {
		UUID id = UUID.randomUUID();
		this.jdbc.update("insert into ws_empty_sessions (session_id, user_id, used_at) "
				+ "values (?, 'ann', now() - ?::interval)", id, unusedFor);
		return id;
	}

	private void events(UUID session, int first, int last, String age) {
		this.jdbc.update("""
				insert into ws_events (session_id, id, type, payload, created_at)
				select ?, id, 'test', '{}', now() - ?::interval from generate_series(?, ?) id
				""", session, age, first, last);
	}

	private void keys(UUID session, int number, String age) {
		this.jdbc.update("""
				insert into ws_idempotency_keys (session_id, idempotency_key, created_at)
				select ?, gen_random_uuid(), now() - ?::interval from generate_series(1, ?)
				""", session, age, number);
	}

	private List<Long> signals() {
		return this.jdbc.queryForList("select id from ws_signals order by id", Long.class);
	}

	private void signals(int number, String age) {
		this.jdbc.update(
				"insert into ws_signals (text, created_at) select 'n', now() - ?::interval from generate_series(1, ?)",
				age, number);
	}

	private void live(UUID session, String unseenFor) {
		this.jdbc.update(
				"insert into ws_live_connections (connection_id, session_id, user_id, node_id, last_seen_at) "
						+ "values (gen_random_uuid(), ?, 'ann', gen_random_uuid(), now() - ?::interval)",
				session, unseenFor);
	}

	/**
	 * Makes the changes of an append, in the transaction of the connection.
	 */
	private static void append(Connection connection, UUID session, long id) throws SQLException {
		try (var update = connection.prepareStatement("update ws_sessions set last_event_id = ?, "
				+ "last_active_at = clock_timestamp() where session_id = ?");
				var insert = connection.prepareStatement("insert into ws_events (session_id, id, type, payload, "
						+ "created_at) values (?, ?, 'test', '{}', clock_timestamp())")) {
			update.setLong(1, id);
			update.setObject(2, session);
			if (update.executeUpdate() == 1) {
				insert.setObject(1, session);
				insert.setLong(2, id);
				insert.executeUpdate();
			}
		}
	}

	private List<UUID> sessionsWithEvents() {
		return this.jdbc.queryForList("select distinct session_id from ws_events", UUID.class);
	}

	private int daysSince(String column, UUID session) {
		Integer days = this.jdbc.queryForObject(
				"select extract(day from now() - " + column + ") from ws_sessions where session_id = ?", Integer.class,
				session);
		return (days != null) ? days : -1;
	}

	private long truncatedThrough(UUID session) {
		Long id = this.jdbc.queryForObject("select truncated_through from ws_sessions where session_id = ?", Long.class,
				session);
		return (id != null) ? id : -1;
	}

	private Map<String, Long> counts() {
		Map<String, Long> counts = new TreeMap<>();
		for (String table : List.of("ws_sessions", "ws_events", "ws_idempotency_keys", "ws_live_connections")) {
			counts.put(table, this.jdbc.queryForObject("select count(*) from " + table, Long.class));
		}
		return counts;
	}

}
