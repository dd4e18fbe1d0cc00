package dev.resumablews.internal.publish;

import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

import dev.resumablews.SessionSummary;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.OpenedSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests sessions that were opened and have no events.
 */
class EmptySessionTests {

	private static TestLog test;

	private final String user = "user " + UUID.randomUUID();

	private UUID session;

	@BeforeAll
	static void open() {
		test = new TestLog(TestLog.createDatabase());
	}

	@AfterAll
	static void close() {
		test.close();
	}

	@BeforeEach
	void openSession() {
		this.session = test.newEmptySession(this.user);
	}

	@Test
	void openingASessionStoresNothing() {
		assertThat(rows("ws_sessions")).isZero();
		assertThat(rows("ws_empty_sessions")).isOne();
	}

	static Stream<Named<BiConsumer<UUID, String>>> firstEvents() {
		return Stream.of(named("publish", (session, user) -> test.sessions().publish(session, "tick", Map.of())),
				named("publishAsync",
						(session, user) -> test.sessions().publishAsync(session, "tick", Map.of()).join()),
				named("publishToUser",
						(session, user) -> assertThat(test.sessions().publishToUser(user, "tick", Map.of())).isOne()),
				named("publish in a transaction",
						(session, user) -> test.transaction()
							.executeWithoutResult((status) -> test.sessions().publish(session, "tick", Map.of()))),
				named("publishToUser in a transaction",
						(session, user) -> test.transaction()
							.executeWithoutResult((status) -> test.sessions().publishToUser(user, "tick", Map.of()))),
				named("a user message",
						(session, user) -> test.log()
							.append(AppendRequest.of(session, "user_message", "{}").once(user, UUID.randomUUID()))
							.join()));
	}

	private static Named<BiConsumer<UUID, String>> named(String name, BiConsumer<UUID, String> firstEvent) {
		return Named.of(name, firstEvent);
	}

	@ParameterizedTest
	@MethodSource("firstEvents")
	void theFirstEventStoresTheSession(BiConsumer<UUID, String> firstEvent) {
		firstEvent.accept(this.session, this.user);
		assertThat(test.stored(this.session)).hasSize(1);
		assertThat(rows("ws_sessions")).isOne();
		assertThat(rows("ws_empty_sessions")).isZero();
		assertThat(test.sessions().find(this.session)).get()
			.extracting(SessionSummary::userId, SessionSummary::lastEventId)
			.containsExactly(this.user, 1L);
	}

	@Test
	void aRollbackLeavesTheSessionEmpty() {
		test.transaction().executeWithoutResult((status) -> {
			test.sessions().publish(this.session, "never", Map.of());
			status.setRollbackOnly();
		});
		assertThat(rows("ws_sessions")).isZero();
		test.sessions().publish(this.session, "tick", Map.of());
		assertThat(test.stored(this.session)).containsExactly("tick");
	}

	@Test
	void aMessageStoresTheSessionBeforeItsHandlerRuns() {
		assertThat(test.onceOnly().run(this.session, this.user, UUID.randomUUID(), () -> {
			test.sessions().publishAsync(this.session, "at_once", Map.of()).join();
			test.sessions().publish(this.session, "with_the_transaction", Map.of());
		})).isTrue();
		assertThat(test.stored(this.session)).containsExactly("at_once", "with_the_transaction");
	}

	@Test
	void eventsOfSeveralNewSessionsKeepTheirOrder() {
		List<UUID> sessions = Stream.generate(() -> test.newEmptySession(this.user)).limit(20).toList();
		List<CompletableFuture<Long>> appends = Stream.of("first", "second", "third")
			.flatMap((type) -> sessions.stream().map((each) -> test.sessions().publishAsync(each, type, Map.of())))
			.toList();
		appends.forEach(CompletableFuture::join);
		assertThat(sessions)
			.allSatisfy((each) -> assertThat(test.stored(each)).containsExactly("first", "second", "third"));
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void noOtherWriterWaitsWhileATransactionStoresTheFirstEvent(boolean commit) throws Exception {
		try (Connection transaction = test.dataSource().getConnection()) {
			transaction.setAutoCommit(false);
			transaction.createStatement().execute("""
					with gone as (delete from ws_empty_sessions where session_id = '%s' returning session_id, user_id)
					insert into ws_sessions (session_id, user_id) select session_id, user_id from gone
					""".formatted(this.session));
			CompletableFuture<Long> behind = test.sessions().publishAsync(this.session, "tick", Map.of());
			// enough for each writer to store some
			for (int i = 0; i < 10; i++) {
				test.sessions().publish(test.newEmptySession(this.user), "tick", Map.of());
			}
			assertThat(behind).isNotDone();
			if (commit) {
				transaction.commit();
			}
			else {
				transaction.rollback();
			}
			assertThat(behind.join()).isEqualTo(1);
		}
	}

	@Test
	void anEmptySessionCanBeClosed() {
		assertThat(test.sessions().close(this.session)).isTrue();
		assertThat(test.sessions().close(this.session)).isFalse();
		assertThat(test.sessions().find(this.session)).get().returns(true, SessionSummary::closed);
		assertThatExceptionOfType(UnknownSessionException.class)
			.isThrownBy(() -> test.sessions().publish(this.session, "tick", Map.of()));
	}

	@Test
	void anEmptySessionCanBeClosedInATransaction() {
		test.transaction().executeWithoutResult((status) -> {
			test.sessions().publish(this.session, "last", Map.of());
			assertThat(test.sessions().close(this.session)).isTrue();
		});
		assertThat(test.stored(this.session)).containsExactly("last");
		assertThat(test.sessions().find(this.session)).get().returns(true, SessionSummary::closed);
	}

	@Test
	void anEmptySessionIsFoundAndNotListed() {
		assertThat(test.sessions().find(this.session)).get()
			.returns(this.user, SessionSummary::userId)
			.returns(0L, SessionSummary::lastEventId)
			.returns(false, SessionSummary::closed);
		assertThat(test.sessions().list(this.user, 10)).isEmpty();
		test.sessions().publish(this.session, "tick", Map.of());
		assertThat(test.sessions().list(this.user, 10)).extracting(SessionSummary::sessionId)
			.containsExactly(this.session);
	}

	@Test
	void aClientReturnsToItsEmptySession() {
		OpenedSession again = test.log().open(this.session, UUID.randomUUID(), this.user, 0);
		assertThat(again).returns(this.session, OpenedSession::sessionId).returns(true, OpenedSession::resumed);
		assertThat(test.log().open(this.session, UUID.randomUUID(), "another user", 0))
			.returns(OpenedSession.Reason.UNKNOWN_SESSION, OpenedSession::reason)
			.extracting(OpenedSession::sessionId)
			.isNotEqualTo(this.session);
	}

	@Test
	void anEmptySessionLostInACrashIsUnknown() {
		test.sql().sql("delete from ws_empty_sessions where session_id = ?").param(this.session).update();
		assertThatExceptionOfType(UnknownSessionException.class)
			.isThrownBy(() -> test.sessions().publish(this.session, "tick", Map.of()));
		assertThat(test.log().open(this.session, UUID.randomUUID(), this.user, 0))
			.returns(OpenedSession.Reason.UNKNOWN_SESSION, OpenedSession::reason);
	}

	private long rows(String table) {
		return test.sql()
			.sql("select count(*) from " + table + " where user_id = ?")
			.param(this.user)
			.query(Long.class)
			.single();
	}

}
