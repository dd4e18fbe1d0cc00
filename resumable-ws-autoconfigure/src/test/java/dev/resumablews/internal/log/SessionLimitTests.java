package dev.resumablews.internal.log;

import java.sql.Connection;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.publish.TestLog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests the limit on the open sessions of a user.
 */
class SessionLimitTests {

	private static final int LIMIT = 3;

	private static TestLog test;

	private final String user = "user " + UUID.randomUUID();

	private final SessionTable sessions = new SessionTable(test.database(), LIMIT);

	@BeforeAll
	static void open() {
		test = new TestLog(TestLog.createDatabase());
	}

	@AfterAll
	static void close() {
		test.close();
	}

	@Test
	void sessionsOfAUserAreLimited() {
		UUID stored = test.newSession(this.user);
		UUID connected = old(create());
		connect(connected);
		UUID another = test.newSession(this.user);
		assertRefused();
		for (UUID resumed : List.of(stored, connected, another)) {
			assertThat(this.sessions.open(resumed, UUID.randomUUID(), this.user, 0, null))
				.returns(resumed, OpenedSession::sessionId)
				.returns(true, OpenedSession::resumed);
		}
		assertThat(this.sessions.open(null, UUID.randomUUID(), "another " + this.user, 0, null)).isNotNull();
		assertThatExceptionOfType(BudgetExceededException.class)
			.isThrownBy(() -> this.sessions.open(UUID.randomUUID(), UUID.randomUUID(), this.user, 0, null));
		this.sessions.close(another);
		create();
		assertRefused();
	}

	@Test
	void theOldestEmptySessionWithoutAConnectionIsRemovedForANewOne() {
		UUID connected = old(create());
		connect(connected);
		UUID oldest = old(create());
		UUID next = old(create());
		UUID created = create();
		assertThat(empty()).containsExactlyInAnyOrder(connected, next, created);
		assertThat(this.sessions.open(oldest, UUID.randomUUID(), this.user, 0, null))
			.returns(OpenedSession.Reason.UNKNOWN_SESSION, OpenedSession::reason);
		assertThat(empty()).hasSize(LIMIT).contains(connected, created).doesNotContain(next);
	}

	@Test
	void aNewEmptySessionIsKept() {
		Stream.generate(this::create).limit(LIMIT).toList();
		assertRefused();
		assertThat(empty()).hasSize(LIMIT);
	}

	@Test
	void afterTheLimitIsLoweredEnoughEmptySessionsAreRemoved() {
		for (int i = 0; i < 20; i++) {
			old(test.newEmptySession(this.user));
		}
		UUID created = create();
		assertThat(empty()).hasSize(LIMIT).contains(created);
	}

	@Test
	void atMostAHundredAndOneSessionsAreRemovedAtATime() {
		test.sql().sql("""
				insert into ws_empty_sessions (session_id, user_id, created_at)
				select gen_random_uuid(), ?, now() - interval '1 hour' from generate_series(1, 150)
				""").param(this.user).update();
		assertRefused();
		assertThat(empty()).hasSize(49);
		create();
		assertThat(empty()).hasSize(LIMIT);
	}

	@Test
	void aSessionWithAnUncommittedFirstEventIsKept() throws Exception {
		UUID oldest = old(create());
		UUID next = old(create());
		old(create());
		try (Connection transaction = test.dataSource().getConnection()) {
			transaction.setAutoCommit(false);
			transaction.createStatement()
				.execute("select 1 from ws_empty_sessions where session_id = '" + oldest + "' for update");
			create();
			transaction.rollback();
		}
		assertThat(empty()).hasSize(LIMIT).contains(oldest).doesNotContain(next);
	}

	@Test
	void aRepeatedCreationIsNotCounted() {
		create();
		create();
		UUID last = UUID.randomUUID();
		for (int i = 0; i < 2; i++) {
			assertThat(this.sessions.open(null, last, this.user, 0, null)).returns(last, OpenedSession::sessionId);
		}
		assertThat(empty()).hasSize(LIMIT);
	}

	private void assertRefused() {
		assertThatExceptionOfType(BudgetExceededException.class).isThrownBy(this::create)
			.returns("max_sessions", BudgetExceededException::reason);
	}

	private UUID create() {
		return this.sessions.open(null, UUID.randomUUID(), this.user, 0, null).sessionId();
	}

	private UUID old(UUID session) {
		test.sql()
			.sql("update ws_empty_sessions set created_at = created_at - interval '1 hour' where session_id = ?")
			.param(session)
			.update();
		return session;
	}

	private void connect(UUID session) {
		test.sql()
			.sql("insert into ws_live_connections (connection_id, session_id, user_id, node_id) values (?, ?, ?, ?)")
			.params(UUID.randomUUID(), session, this.user, UUID.randomUUID())
			.update();
	}

	private List<UUID> empty() {
		return test.sql()
			.sql("select session_id from ws_empty_sessions where user_id = ?")
			.param(this.user)
			.query(UUID.class)
			.list();
	}

}
