package dev.resumablews.internal.publish;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.internal.feed.SessionFeed;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests which rows an erasure removes, and in which steps.
 */
class SessionEraserTests {

	private static final String COUNT_REMOVALS = """
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
			create trigger removals after delete on ws_empty_sessions referencing old table as gone
				execute function count_removals();
			""";

	private final TestLog test = new TestLog(TestLog.createDatabase());

	private SessionEraser eraser;

	@BeforeEach
	void create() {
		this.eraser = new SessionEraser(this.test.database(), this.test.feeds());
	}

	@AfterEach
	void close() {
		this.test.close();
	}

	@Test
	void noTransactionRemovesMoreThanAFewHundredRowsOfATable() {
		this.test.sql().sql(COUNT_REMOVALS).update();
		fill("alice", 250, 10);
		fill("alice", 2, 3000);
		fill("bob", 3, 10);
		this.test.sql().sql("""
				insert into ws_idempotency_keys (session_id, idempotency_key)
				select session_id, gen_random_uuid() from ws_sessions, generate_series(1, 5);
				insert into ws_empty_sessions (session_id, user_id)
				select gen_random_uuid(), case when n <= 900 then 'alice' else 'bob' end from generate_series(1, 903) n;
				""").update();
		assertThat(this.eraser.eraseAll("alice")).isEqualTo(252 + 900);
		assertThat(count("ws_sessions")).isEqualTo(3);
		assertThat(count("ws_events")).isEqualTo(30);
		assertThat(count("ws_idempotency_keys")).isEqualTo(15);
		assertThat(count("ws_empty_sessions")).isEqualTo(3);
		assertThat(this.test.sql().sql("select sum(rows) from removals group by tx, what").query(Long.class).list())
			.hasSizeGreaterThan(20)
			.allMatch((rows) -> rows <= 400);
	}

	@Test
	void sessionsOpenedDuringAnErasureAreKept() {
		fill("alice", 3, 10);
		this.test.sql().sql("""
				insert into ws_sessions (session_id, user_id, created_at)
				values (gen_random_uuid(), 'alice', clock_timestamp() + interval '1 minute');
				insert into ws_empty_sessions (session_id, user_id, created_at)
				values (gen_random_uuid(), 'alice', clock_timestamp() + interval '1 minute');
				""").update();
		assertThat(this.eraser.eraseAll("alice")).isEqualTo(3);
		assertThat(count("ws_sessions")).isOne();
		assertThat(count("ws_empty_sessions")).isOne();
	}

	@Test
	void rowsOfARemovedSessionAreErased() {
		UUID session = UUID.randomUUID();
		this.test.sql()
			.sql("insert into ws_idempotency_keys (session_id, idempotency_key) values (?, gen_random_uuid())")
			.param(session)
			.update();
		assertThat(this.eraser.erase(session)).isEmpty();
		assertThat(count("ws_idempotency_keys")).isZero();
	}

	@Test
	void theFeedOfAnErasedSessionIsEmpty() {
		UUID session = this.test.newSession("alice");
		SessionFeed feed = this.test.feeds().join(session, () -> {
		});
		this.test.sessions().publish(session, "tick", Map.of());
		assertThat(feed.after(0, Long.MAX_VALUE)).hasSize(1);
		assertThat(this.eraser.erase(session)).containsExactly("alice");
		assertThat(feed.after(0, Long.MAX_VALUE)).isEmpty();
		assertThat(feed.diverged()).isTrue();
	}

	private void fill(String user, int sessions, int events) {
		this.test.sql().sql("""
				with added as (
					insert into ws_sessions (session_id, user_id, last_event_id)
					select gen_random_uuid(), :user, :events from generate_series(1, :sessions)
					returning session_id
				)
				insert into ws_events (session_id, id, type, payload, created_at)
				select session_id, id, 'test', '{}', now() from added, generate_series(1, :events) id
				""").param("user", user).param("sessions", sessions).param("events", events).update();
	}

	private long count(String table) {
		return this.test.sql().sql("select count(*) from " + table).query(Long.class).single();
	}

}
