package dev.resumablews.log;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * The one statement that writes the log. It stores a batch of events of any number of
 * sessions:
 * <ol>
 * <li>locks the rows of their sessions, in the order of their ids, so that two batches
 * cannot wait for each other in a circle. Sessions that do not exist, are closed or
 * belong to somebody else drop out;
 * <li>leaves out what was stored before under the same idempotency key;
 * <li>takes the next ids from {@code ws_sessions.last_event_id}, under the row lock, so
 * that they have no hole and the order of ids is the order of commits;
 * <li>inserts the events and their keys, and deletes the deltas of replies that are
 * complete.
 * </ol>
 * A key that another transaction commits between the statement's snapshot and its row
 * lock makes the insert fail with a unique violation; the batch is then to be tried
 * again.
 */
final class AppendStatement {

	private static final String SQL = """
			with input as materialized (
				select *
				from unnest(?::uuid[], ?::text[], ?::text[], ?::uuid[], ?::text[], ?::uuid[], ?::bigint[])
					with ordinality as i (session_id, user_id, type, message_id, payload, idempotency_key, completes_reply_to, position)
			), locked as materialized (
				select session_id, user_id
				from ws_sessions
				where session_id in (select session_id from input) and closed_at is null
				order by session_id
				for no key update
			), admitted as materialized (
				select i.*, k.idempotency_key is not null as duplicate, k.event_id
				from input i
				join locked l on l.session_id = i.session_id and l.user_id = coalesce(i.user_id, l.user_id)
				left join ws_idempotency_keys k
					on k.session_id = i.session_id and k.idempotency_key = i.idempotency_key
			), fresh as materialized (
				select *, row_number() over (partition by session_id order by position) as step
				from admitted
				where not duplicate
			), advanced as (
				update ws_sessions s
				set last_event_id = s.last_event_id + c.events, last_active_at = clock_timestamp()
				from (select session_id, count(*) as events from fresh group by session_id) c
				where s.session_id = c.session_id
				returning s.session_id, s.last_event_id - c.events as base, s.last_active_at as stored_at
			), numbered as materialized (
				select f.*, a.base + f.step as id, a.stored_at
				from fresh f
				join advanced a on a.session_id = f.session_id
			), stored as (
				insert into ws_events (session_id, id, type, message_id, payload, created_at)
				select session_id, id, type, message_id, payload::json, stored_at
				from numbered
			), keyed as (
				insert into ws_idempotency_keys (session_id, idempotency_key, event_id)
				select session_id, idempotency_key, id
				from numbered
				where idempotency_key is not null
			), compacted as (
				delete from ws_events e
				using fresh f
				where e.session_id = f.session_id and e.id > f.completes_reply_to and e.message_id = f.message_id
					and e.type = 'assistant_delta'
			)
			select a.position, coalesce(n.id, a.event_id) as event_id, a.duplicate,
				coalesce(n.stored_at, clock_timestamp()) as stored_at
			from admitted a
			left join numbered n on n.position = a.position
			""";

	private final Database database;

	private final String sql;

	AppendStatement(Database database) {
		this.database = database;
		this.sql = database.sql(SQL);
	}

	/**
	 * Runs the statement in the connection's transaction.
	 * @return what became of each entry, in their order, provided that the transaction
	 * commits; null for a session that is not open, or not the user's
	 */
	List<@Nullable Appended> execute(Connection connection, List<? extends Entry> batch) throws SQLException {
		@Nullable Appended[] appended = new @Nullable Appended[batch.size()];
		try (PreparedStatement statement = connection.prepareStatement(this.sql)) {
			statement.setArray(1, array(connection, "uuid", batch, (entry) -> entry.draft().sessionId()));
			statement.setArray(2, array(connection, "text", batch, (entry) -> entry.draft().userId()));
			statement.setArray(3, array(connection, "text", batch, (entry) -> entry.draft().type()));
			statement.setArray(4, array(connection, "uuid", batch, (entry) -> entry.draft().messageId()));
			statement.setArray(5, array(connection, "text", batch, Entry::payload));
			statement.setArray(6, array(connection, "uuid", batch, (entry) -> entry.draft().idempotencyKey()));
			statement.setArray(7, array(connection, "bigint", batch, (entry) -> entry.draft().completesReplyTo()));
			try (ResultSet rows = statement.executeQuery()) {
				while (rows.next()) {
					Instant storedAt = rows.getObject("stored_at", OffsetDateTime.class).toInstant();
					appended[rows.getInt("position") - 1] = new Appended(rows.getLong("event_id"),
							rows.getBoolean("duplicate"), storedAt);
				}
			}
		}
		return Arrays.asList(appended);
	}

	/**
	 * Finds out whether the transaction that stored an event was committed, when its end
	 * was not heard. Waits for the transaction if it is still running, as it holds the
	 * lock of the session's row until it ends. The event is known by its id and time
	 * together; a transaction's id would not do, since Postgres gives it to another
	 * transaction after a crash.
	 */
	boolean stored(UUID sessionId, Appended appended) throws SQLException {
		return this.database.apart((connection) -> {
			String lock = this.database.sql("select 1 from ws_sessions where session_id = ? for no key update");
			try (PreparedStatement statement = connection.prepareStatement(lock)) {
				statement.setObject(1, sessionId);
				statement.executeQuery().close();
			}
			// what was committed during the wait is seen by the next transaction at the
			// latest
			connection.commit();
			String find = this.database
				.sql("select 1 from ws_events where session_id = ? and id = ? and created_at = ?");
			try (PreparedStatement statement = connection.prepareStatement(find)) {
				statement.setObject(1, sessionId);
				statement.setLong(2, appended.eventId());
				statement.setObject(3, appended.createdAt().atOffset(ZoneOffset.UTC));
				try (ResultSet rows = statement.executeQuery()) {
					return rows.next();
				}
			}
		});
	}

	private static Array array(Connection connection, String type, List<? extends Entry> batch,
			Function<Entry, @Nullable Object> value) throws SQLException {
		@Nullable Object[] values = switch (type) {
			case "uuid" -> new UUID[batch.size()];
			case "bigint" -> new Long[batch.size()];
			default -> new String[batch.size()];
		};
		Arrays.setAll(values, (i) -> value.apply(batch.get(i)));
		return connection.createArrayOf(type, values);
	}

	/**
	 * A draft whose payload is settled.
	 */
	interface Entry {

		Draft draft();

		String payload();

	}

}
