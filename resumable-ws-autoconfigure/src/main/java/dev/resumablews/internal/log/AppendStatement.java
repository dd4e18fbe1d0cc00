package dev.resumablews.internal.log;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * The one statement that writes the log. It stores a batch of events of any number of
 * sessions:
 * <ol>
 * <li>locks the rows of their sessions, in the order of their ids, so that two batches
 * cannot wait for each other in a circle. Sessions that do not exist, are closed or
 * belong to somebody else drop out;
 * <li>locks the rows of the replies that events belong to, against those who would claim
 * them. Events of whoever did not claim the reply last drop out;
 * <li>leaves out what was stored before under the same idempotency key;
 * <li>takes the next ids from {@code ws_sessions.last_event_id}, under the row lock, so
 * that they have no hole and the order of ids is the order of commits;
 * <li>inserts the events, their keys and the replies that they ask for, deletes the
 * deltas that an event stands in for, and the replies that have ended. Deltas of the same
 * batch, which the statement cannot see to delete, come without a payload and only use up
 * their ids.
 * </ol>
 * The planner knows neither the size of the batch nor that of what follows from it, takes
 * both for a row or two, and joins by nested loops, which take the square of the batch's
 * size. There is no such loop for a full join. Its conditions are written so that it
 * stays one. Of a table that was empty when the planner last looked, it thinks that
 * reading the whole of it costs nothing. So deltas are not looked for unless a reply has
 * ended, and then between two ids, which it takes for few.
 * <p>
 * A key that another transaction commits between the statement's snapshot and its row
 * lock makes the insert fail with a unique violation; the batch is then to be tried
 * again.
 */
public final class AppendStatement {

	private static final String SQL = """
			with input as materialized (
				select *
				from unnest(?::uuid[], ?::text[], ?::text[], ?::uuid[], ?::text[], ?::uuid[], ?::bigint[], ?::bigint[], ?::bool[], ?::uuid[])
					with ordinality as i (session_id, user_id, type, message_id, payload, idempotency_key,
						reply_to, fence, ends, replaces, position)
			), locked as materialized (
				select session_id, user_id, last_event_id
				from ws_sessions
				where session_id = any (?::uuid[]) and closed_at is null
				order by session_id
				for no key update
			), claimed as materialized (
				select r.session_id, r.event_id, r.fence
				from unnest(?::uuid[], ?::bigint[]) as w (session_id, event_id)
				join ws_replies r on r.session_id = w.session_id and r.event_id = w.event_id
				where (select count(*) from locked) > 0
				order by r.session_id, r.event_id
				for share of r
			), moment as materialized (
				select clock_timestamp() as stored_at from (select count(*) from claimed) c
			), admitted as materialized (
				select i.*, l.last_event_id, k.idempotency_key is not null as duplicate, k.event_id
				from input i
				full join locked l on l.session_id = i.session_id
				full join claimed c on c.session_id = i.session_id and c.event_id = i.reply_to
				left join ws_idempotency_keys k
					on k.session_id = i.session_id and k.idempotency_key = i.idempotency_key
				where coalesce(l.user_id = coalesce(i.user_id, l.user_id), false)
					and coalesce(i.fence is null or i.fence = c.fence, false)
			), fresh as materialized (
				select *, last_event_id + row_number() over (partition by session_id order by position) as id
				from admitted
				where not duplicate
			), advanced as (
				update ws_sessions s
				set last_event_id = c.id, last_active_at = m.stored_at
				from (select session_id, max(id) as id from fresh group by session_id) c, moment m
				where s.session_id = c.session_id
			), stored as (
				insert into ws_events (session_id, id, type, message_id, payload, created_at)
				select session_id, id, type, message_id, payload::json, stored_at
				from fresh, moment
				where payload is not null
			), keyed as (
				insert into ws_idempotency_keys (session_id, idempotency_key, event_id)
				select session_id, idempotency_key, id
				from fresh
				where idempotency_key is not null
			), compacted as (
				delete from ws_events e
				using fresh f
				where (select count(*) from fresh where replaces is not null) > 0
					and f.replaces is not null and e.session_id = f.session_id and e.id > f.reply_to and e.id < f.id
					and e.message_id = f.replaces and e.type = 'assistant_delta'
			), asked as (
				insert into ws_replies (session_id, event_id, node_id, lease_until)
				select session_id, id, ?, clock_timestamp() + make_interval(secs => ?)
				from fresh
				where reply_to = 0
			), ended as (
				delete from ws_replies r
				using fresh f
				where f.ends and r.session_id = f.session_id and r.event_id = f.reply_to
			)
			select position, id as event_id, false as duplicate, stored_at
			from fresh, moment
			union all
			select position, event_id, true, stored_at
			from admitted, moment
			where duplicate
			""";

	private static final String MOMENT = "select clock_timestamp() as stored_at from";

	/**
	 * Postgres ends the transaction when it has heard nothing for five seconds after the
	 * statement.
	 */
	private static final String MOMENT_OF_OWN = "select clock_timestamp() as stored_at, "
			+ "set_config('idle_in_transaction_session_timeout', '5000', true) from";

	private final JdbcExecutor database;

	private final String sql;

	private final String ownSql;

	private final UUID nodeId;

	private final double leaseSeconds;

	/**
	 * Creates the statement.
	 * @param nodeId the node that replies wait for first
	 * @param lease how long they wait for it
	 */
	public AppendStatement(JdbcExecutor database, NodeId nodeId, Duration lease) {
		this.database = database;
		this.nodeId = nodeId.value();
		this.leaseSeconds = lease.toMillis() / 1000.0;
		this.sql = database.sql(SQL);
		this.ownSql = database.sql(SQL.replace(MOMENT, MOMENT_OF_OWN));
	}

	/**
	 * Runs the statement in the connection's transaction.
	 * @return what became of each entry, in their order, provided that the transaction
	 * commits; null for a session that is not open, or not the user's
	 */
	public List<@Nullable AppendResult> execute(Connection connection, List<? extends Entry> batch)
			throws SQLException {
		return execute(connection, this.sql, batch);
	}

	/**
	 * Runs the statement in a transaction that nothing else is done in and whose commit
	 * follows at once. If it does not follow within five seconds, Postgres ends the
	 * connection: a node that is frozen at that moment would hold the locks of its
	 * replies for as long, and nobody could take them over.
	 * @return as {@link #execute}
	 */
	public List<@Nullable AppendResult> executeAlone(Connection connection, List<? extends Entry> batch)
			throws SQLException {
		return execute(connection, this.ownSql, batch);
	}

	private List<@Nullable AppendResult> execute(Connection connection, String sql, List<? extends Entry> batch)
			throws SQLException {
		@Nullable AppendResult[] appended = new @Nullable AppendResult[batch.size()];
		@Nullable String[] payloads = payloads(batch);
		try (PreparedStatement statement = connection.prepareStatement(sql)) {
			statement.setArray(1, array(connection, "uuid", batch, (entry) -> entry.draft().sessionId()));
			statement.setArray(2, array(connection, "text", batch, (entry) -> entry.draft().userId()));
			statement.setArray(3, array(connection, "text", batch, (entry) -> entry.draft().type()));
			statement.setArray(4, array(connection, "uuid", batch, (entry) -> entry.draft().messageId()));
			statement.setArray(5, connection.createArrayOf("text", payloads));
			statement.setArray(6, array(connection, "uuid", batch, (entry) -> entry.draft().idempotencyKey()));
			statement.setArray(7, array(connection, "bigint", batch, (entry) -> inReplyTo(entry.draft())));
			statement.setArray(8, array(connection, "bigint", batch, (entry) -> fence(entry.draft())));
			statement.setArray(9, array(connection, "bool", batch, (entry) -> ends(entry.draft())));
			statement.setArray(10, array(connection, "uuid", batch, (entry) -> replaces(entry.draft())));
			statement.setArray(11, connection.createArrayOf("uuid",
					batch.stream().map((entry) -> entry.draft().sessionId()).distinct().toArray(UUID[]::new)));
			List<Claim> claims = batch.stream().map(Claim::of).filter(Objects::nonNull).distinct().toList();
			statement.setArray(12,
					connection.createArrayOf("uuid", claims.stream().map(Claim::sessionId).toArray(UUID[]::new)));
			statement.setArray(13,
					connection.createArrayOf("bigint", claims.stream().map(Claim::inReplyTo).toArray(Long[]::new)));
			statement.setObject(14, this.nodeId);
			statement.setDouble(15, this.leaseSeconds);
			try (ResultSet rows = statement.executeQuery()) {
				while (rows.next()) {
					Instant storedAt = rows.getObject("stored_at", OffsetDateTime.class).toInstant();
					appended[rows.getInt("position") - 1] = new AppendResult(rows.getLong("event_id"),
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
	public boolean stored(UUID sessionId, AppendResult appended) throws SQLException {
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

	/**
	 * Leaves out the payloads of deltas that a later event of the batch stands in for.
	 * Both were written with the same fence, so that one is admitted if the other is.
	 */
	private static @Nullable String[] payloads(List<? extends Entry> batch) {
		@Nullable String[] payloads = new @Nullable String[batch.size()];
		Map<UUID, Long> replaced = new HashMap<>();
		for (int i = batch.size() - 1; i >= 0; i--) {
			AppendRequest draft = batch.get(i).draft();
			Long fence = fence(draft);
			boolean obsolete = fence != null && draft.isDelta() && fence.equals(replaced.get(draft.messageId()));
			payloads[i] = obsolete ? null : batch.get(i).payload();
			UUID replaces = replaces(draft);
			if (replaces != null && fence != null) {
				replaced.put(replaces, fence);
			}
		}
		return payloads;
	}

	private static @Nullable Long inReplyTo(AppendRequest draft) {
		return (draft.reply() != null) ? draft.reply().inReplyTo() : null;
	}

	private static @Nullable Long fence(AppendRequest draft) {
		return (draft.reply() != null && !draft.reply().asks()) ? draft.reply().fence() : null;
	}

	private static @Nullable Boolean ends(AppendRequest draft) {
		return (draft.reply() != null && draft.reply().ends()) ? true : null;
	}

	private static @Nullable UUID replaces(AppendRequest draft) {
		return (draft.reply() != null) ? draft.reply().replaces() : null;
	}

	/**
	 * Makes an array of a value of each entry. If no entry has the value, it is empty,
	 * which to {@code unnest} is the same.
	 */
	private static Array array(Connection connection, String type, List<? extends Entry> batch,
			Function<Entry, @Nullable Object> value) throws SQLException {
		@Nullable Object[] values = switch (type) {
			case "uuid" -> new UUID[batch.size()];
			case "bigint" -> new Long[batch.size()];
			case "bool" -> new Boolean[batch.size()];
			default -> new String[batch.size()];
		};
		Arrays.setAll(values, (i) -> value.apply(batch.get(i)));
		boolean empty = Arrays.stream(values).allMatch(Objects::isNull);
		return connection.createArrayOf(type, empty ? new Object[0] : values);
	}

	/**
	 * A reply that is written for.
	 */
	private record Claim(UUID sessionId, long inReplyTo) {

		static @Nullable Claim of(Entry entry) {
			ReplyStep step = entry.draft().reply();
			return (step != null && !step.asks()) ? new Claim(entry.draft().sessionId(), step.inReplyTo()) : null;
		}

	}

	/**
	 * A draft whose payload is settled.
	 */
	interface Entry {

		AppendRequest draft();

		String payload();

	}

}
