package dev.resumablews.internal.log;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.log.AppendExtension.Column;
import org.jspecify.annotations.Nullable;

/**
 * The single statement that writes the log. It stores a batch of events of any number of
 * sessions:
 * <ol>
 * <li>{@code epoch}: determines the current epoch of the database. A session whose last
 * event was written under another epoch gets a fork;
 * <li>{@code locked}: locks the rows of the sessions in the order of their ids, so that
 * two batches cannot deadlock. Sessions that do not exist, are closed or belong to
 * another user are left out. The log's writers skip sessions that another transaction has
 * locked; a second attempt reports which ones are {@code busy};
 * <li>{@code claimed}: an extension locks its rows, such as those of replies, and rejects
 * events based on them;
 * <li>{@code admitted}: marks events that were already stored with the same idempotency
 * key;
 * <li>{@code fresh}: assigns the next ids from {@code ws_sessions.last_event_id} under
 * the row lock, so that ids have no gaps and their order is the order of commits;
 * <li>{@code advanced}: updates the last id and the stored size in the session's row;
 * <li>{@code stored}, {@code keyed}: insert the events and their keys; extensions change
 * their tables. Deltas that a later event of the same batch replaces come without a
 * payload and only use up their ids.
 * </ol>
 * A batch without client messages and changes of the extensions, such as one of deltas
 * only, has a shorter statement, because Postgres prepares each CTE for every execution.
 * It has neither {@code admitted} nor {@code keyed}, as there is no key.
 * <p>
 * The planner knows neither the size of the batch nor that of the CTEs, estimates one or
 * two rows, and chooses nested loops, whose cost is quadratic in the size of the batch. A
 * full join is never a nested loop. Its conditions are written so that it remains a full
 * join. The one on {@code closed_at} is written so that no index on it is used, because
 * the planner may prefer that as long as there are few sessions, and keeps to it.
 * <p>
 * If another transaction commits the same key between the statement's snapshot and its
 * row lock, the insert fails with a unique violation; the batch must then be retried.
 * Safe for use by many threads.
 * <p>
 * Most of this class is the text of that statement.
 */
public final class AppendStatement {

	private static final List<Column> COLUMNS = List.of(//
			new Column("session_id", "uuid", AppendRequest::sessionId), new Column("type", "text", AppendRequest::type),
			new Column("message_id", "uuid", QueuedAppend::messageId));

	/**
	 * The columns of client messages.
	 */
	private static final List<Column> MESSAGE_COLUMNS = List.of(
			new Column("user_id", "text",
					(request) -> (request instanceof AppendRequest.Message message) ? message.userId() : null),
			new Column("idempotency_key", "uuid",
					(request) -> (request instanceof AppendRequest.Message message) ? message.idempotencyKey() : null));

	private static final String EPOCH = """
			epoch as materialized (
				select ws_epoch() as epoch
			)""";

	private static final String LOCKED = """
			locked as materialized (
				select s.session_id, s.user_id, s.last_event_id
				from ws_sessions s
				where s.session_id = any (?::uuid[]) and coalesce(s.closed_at is null, false)
				order by s.session_id
				for no key update of s%s
			)""";

	private static final String BUSY = """
			busy as materialized (
				select s.session_id
				from ws_sessions s
				where (select count(*) from locked) < ? and s.session_id = any (?::uuid[])
					and coalesce(s.closed_at is null, false) and not exists (select from locked l where l.session_id = s.session_id)
			)""";

	private static final String CLOCK = """
			clock as materialized (
				select clock_timestamp() as stored_at from %s
			)""";

	private static final String ADMITTED = """
			admitted as materialized (
				select i.*, l.last_event_id, k.idempotency_key is not null as duplicate, k.event_id
				from input i
				full join locked l on l.session_id = i.session_id
				%s
				left join ws_idempotency_keys k
					on k.session_id = i.session_id and k.idempotency_key = i.idempotency_key
				where coalesce(l.user_id = coalesce(i.user_id, l.user_id), false)
					and %s
			)""";

	private static final String FRESH = """
			fresh as materialized (
				select *, last_event_id + row_number() over (partition by session_id order by position) as id
				from admitted
				where not duplicate
			)""";

	/**
	 * Takes the place of {@code admitted} and {@code fresh} if no event has a key.
	 */
	private static final String FRESH_WITHOUT_KEYS = """
			fresh as materialized (
				select i.*, l.last_event_id + row_number() over (partition by i.session_id order by i.position) as id
				from input i
				full join locked l on l.session_id = i.session_id
				%s
				where coalesce(l.user_id = l.user_id, false) and %s
			)""";

	/**
	 * Counts stored and deleted bytes without a join, and calls {@code ws_forks} only
	 * when the epoch is new to the session, because Postgres does not inline it.
	 */
	private static final String ADVANCED = """
			advanced as (
				update ws_sessions s
				set last_event_id = c.id, last_active_at = m.stored_at,
					forks = case when strpos(s.forks, h.epoch || '.') > 0 then s.forks
						else ws_forks(s.forks, h.epoch, s.last_event_id + 1) end,
					stored_bytes = greatest(0, s.stored_bytes + c.bytes)
				from (
					select session_id, max(id) as id, coalesce(sum(bytes), 0) as bytes
					from (
						select session_id, id, octet_length(payload) as bytes from fresh%s
					) e
					group by session_id
				) c, clock m, epoch h
				where s.session_id = c.session_id
				returning s.session_id, s.last_active_at, s.forks
			), stored as (
				insert into ws_events (session_id, id, type, message_id, payload, created_at, payload_bytes)
				select session_id, id, type, message_id, payload::json, stored_at, octet_length(payload)
				from fresh, clock
				where payload is not null
			)""";

	private static final String KEYED = """
			keyed as (
				insert into ws_idempotency_keys (session_id, idempotency_key, event_id)
				select session_id, idempotency_key, id
				from fresh
				where idempotency_key is not null
			)""";

	private static final String COMPACTED = """

			union all
			select session_id, null, -bytes from compacted""";

	private static final String RESULT = """

			select position, id as event_id, false as duplicate, null::uuid as session_id,
				null::timestamptz as stored_at, null::text as forks, null::text as transaction
			from fresh
			union all
			select 0, null, null, session_id, last_active_at, forks, null
			from advanced
			""";

	private static final String DUPLICATES_RESULT = """
			union all
			select position, event_id, true, null, stored_at, null, null
			from admitted, clock
			where duplicate
			""";

	private static final String BUSY_RESULT = """
			union all
			select 0, null, null, session_id, null, null, null
			from busy
			""";

	private static final String CONTENDED_RESULT = """
			union all
			select 0, null, null, session_id, null, null, null
			from %s
			""";

	private static final String TRANSACTION_RESULT = """
			union all
			select -1, null, null, null, null, null, pg_current_xact_id_if_assigned()::text
			""";

	private final List<AppendExtension> extensions;

	private final Map<Shape, String> texts = new HashMap<>();

	/**
	 * Creates the statement.
	 * @param extensions the contributions of replies and other features
	 */
	public AppendStatement(List<AppendExtension> extensions) {
		this.extensions = List.copyOf(extensions);
		for (List<AppendExtension> choice : choices(this.extensions)) {
			for (Locking locking : Locking.values()) {
				for (boolean changes : new boolean[] { true, false }) {
					Shape shape = new Shape(locking, choice, changes);
					this.texts.put(shape, compose(shape));
				}
			}
		}
	}

	/**
	 * Stores a batch.
	 * @param session the connection, in a transaction
	 * @param batch the requests, whose payloads are resolved
	 * @param locking how to handle locked sessions
	 * @return the outcome, provided that the transaction commits
	 * @throws SQLException if nothing was stored
	 */
	public AppendOutcome execute(JdbcSession session, List<QueuedAppend> batch, Locking locking) throws SQLException {
		List<AppendRequest> requests = batch.stream().map(QueuedAppend::request).toList();
		List<AppendExtension> needed = this.extensions.stream()
			.filter((extension) -> requests.stream().anyMatch(extension::concerns))
			.toList();
		boolean changes = requests.stream()
			.anyMatch((request) -> request instanceof AppendRequest.Message
					|| needed.stream().anyMatch((extension) -> extension.changes(request)));
		Shape shape = new Shape(locking, needed, changes);
		String sql = Objects.requireNonNull(this.texts.get(shape));
		return session.query(sql, (statement) -> set(statement, batch, requests, shape),
				(rows) -> read(rows, requests));
	}

	private static List<List<AppendExtension>> choices(List<AppendExtension> extensions) {
		List<List<AppendExtension>> choices = new ArrayList<>(List.of(List.of()));
		for (AppendExtension extension : extensions) {
			for (List<AppendExtension> without : List.copyOf(choices)) {
				List<AppendExtension> with = new ArrayList<>(without);
				with.add(extension);
				choices.add(List.copyOf(with));
			}
		}
		return choices;
	}

	private static String compose(Shape shape) {
		boolean report = shape.locking() == Locking.SKIP_AND_REPORT;
		List<AppendExtension> extensions = shape.extensions();
		StringBuilder sql = new StringBuilder("with ").append(input(shape))
			.append(", ")
			.append(EPOCH)
			.append(", ")
			.append(LOCKED.formatted(shape.locking().clause()));
		if (report) {
			sql.append(", ").append(BUSY);
		}
		extensions.forEach((extension) -> sql.append(", ").append(extension.locks(shape.locking()).strip()));
		sql.append(", ").append(CLOCK.formatted(onceLocked(extensions)));
		sql.append(", ")
			.append((shape.changes() ? ADMITTED : FRESH_WITHOUT_KEYS).formatted(
					each(extensions, AppendExtension::join, "", "\n\t"),
					each(extensions, AppendExtension::condition, "true", " and ")));
		if (shape.changes()) {
			sql.append(", ").append(FRESH);
			List<String> compactions = extensions.stream()
				.map(AppendExtension::compaction)
				.filter(Objects::nonNull)
				.toList();
			compactions.forEach((compaction) -> sql.append(", ").append(compaction.strip()));
			sql.append(", ").append(ADVANCED.formatted(compactions.isEmpty() ? "" : COMPACTED));
			sql.append(", ").append(KEYED);
			extensions.forEach((extension) -> sql.append(", ").append(extension.changes().strip()));
			sql.append(RESULT).append(DUPLICATES_RESULT);
		}
		else {
			sql.append(", ").append(ADVANCED.formatted("")).append(RESULT);
		}
		if (report) {
			sql.append(BUSY_RESULT);
			extensions.forEach((extension) -> sql.append(CONTENDED_RESULT.formatted(extension.contended())));
		}
		sql.append(TRANSACTION_RESULT);
		return sql.toString();
	}

	private static String onceLocked(List<AppendExtension> extensions) {
		return each(extensions, (extension) -> "(select count(*) from %s) of_%1$s".formatted(extension.claimed()),
				"(select count(*) from locked) of_locked", ", ");
	}

	private static String each(List<AppendExtension> extensions, Function<AppendExtension, String> part, String none,
			String separator) {
		return extensions.isEmpty() ? none : extensions.stream().map(part).collect(Collectors.joining(separator));
	}

	private static String input(Shape shape) {
		StringBuilder arrays = new StringBuilder("?::text[]");
		StringBuilder names = new StringBuilder("payload");
		for (Column column : columns(shape)) {
			arrays.append(", ?::").append(column.type()).append("[]");
			names.append(", ").append(column.name());
		}
		return "input as materialized (select * from unnest(%s) with ordinality as i (%s, position))".formatted(arrays,
				names);
	}

	private static List<Column> columns(Shape shape) {
		List<Column> columns = new ArrayList<>(COLUMNS);
		shape.extensions().forEach((extension) -> columns.addAll(extension.columns()));
		if (shape.changes()) {
			columns.addAll(MESSAGE_COLUMNS);
			shape.extensions().forEach((extension) -> columns.addAll(extension.changeColumns()));
		}
		return columns;
	}

	private static void set(PreparedStatement statement, List<QueuedAppend> batch, List<AppendRequest> requests,
			Shape shape) throws SQLException {
		Connection connection = statement.getConnection();
		int index = 1;
		statement.setArray(index++, connection.createArrayOf("text", payloads(batch)));
		for (Column column : columns(shape)) {
			statement.setArray(index++, column.array(connection, requests));
		}
		Set<UUID> distinct = new LinkedHashSet<>();
		requests.forEach((request) -> distinct.add(request.sessionId()));
		Array sessions = connection.createArrayOf("uuid", distinct.toArray(UUID[]::new));
		statement.setArray(index++, sessions);
		if (shape.locking() == Locking.SKIP_AND_REPORT) {
			statement.setInt(index++, distinct.size());
			statement.setArray(index++, sessions);
		}
		for (AppendExtension extension : shape.extensions()) {
			index = extension.setLocks(statement, index, requests);
		}
		if (shape.changes()) {
			for (AppendExtension extension : shape.extensions()) {
				index = extension.setChanges(statement, index);
			}
		}
	}

	/**
	 * Leaves out the payloads of deltas that a later event of the batch replaces. Both
	 * have the same fence, so both are admitted or neither is.
	 */
	private static @Nullable String[] payloads(List<QueuedAppend> batch) {
		@Nullable String[] payloads = new @Nullable String[batch.size()];
		Map<UUID, Long> replaced = new HashMap<>();
		for (int i = batch.size() - 1; i >= 0; i--) {
			QueuedAppend append = batch.get(i);
			payloads[i] = append.stored();
			if (append.request() instanceof AppendRequest.ReplyEvent event) {
				Long fence = replaced.get(event.messageId());
				if (append.isDelta() && fence != null && fence == event.fence()) {
					payloads[i] = null;
				}
				if (event.replaces() != null) {
					replaced.put(event.replaces(), event.fence());
				}
			}
		}
		return payloads;
	}

	/**
	 * Reads the result: a row with the position of each event, one with the shared
	 * attributes of the new events of each session, one for each busy session, and one
	 * for the transaction.
	 */
	private static AppendOutcome read(ResultSet rows, List<AppendRequest> requests) throws SQLException {
		@Nullable AppendResult[] results = new @Nullable AppendResult[requests.size()];
		long[] stored = new long[requests.size()];
		Map<UUID, Forks> forks = new HashMap<>();
		Set<UUID> busy = new HashSet<>(0);
		Instant storedAt = Instant.EPOCH;
		String transaction = null;
		while (rows.next()) {
			int position = rows.getInt(1);
			if (position < 0) {
				transaction = rows.getString(7);
			}
			else if (position == 0) {
				UUID sessionId = rows.getObject(4, UUID.class);
				String text = rows.getString(6);
				if (text != null) {
					forks.put(sessionId, new Forks(text));
					storedAt = rows.getObject(5, OffsetDateTime.class).toInstant();
				}
				else {
					busy.add(sessionId);
				}
			}
			else if (rows.getBoolean(3)) {
				results[position - 1] = new AppendResult(rows.getLong(2), true,
						rows.getObject(5, OffsetDateTime.class).toInstant(), Forks.NONE);
			}
			else {
				stored[position - 1] = rows.getLong(2);
			}
		}
		for (int i = 0; i < stored.length; i++) {
			if (stored[i] > 0) {
				results[i] = new AppendResult(stored[i], false, storedAt,
						Objects.requireNonNull(forks.get(requests.get(i).sessionId())));
			}
		}
		return new AppendOutcome(Arrays.asList(results), busy, transaction);
	}

	/**
	 * What distinguishes the texts of the statement.
	 *
	 * @param locking how to handle locked sessions
	 * @param extensions the extensions that the batch concerns
	 * @param changes whether the batch has client messages, or changes tables of the
	 * extensions
	 */
	private record Shape(Locking locking, List<AppendExtension> extensions, boolean changes) {

	}

	/**
	 * How to handle sessions that another transaction has locked.
	 */
	public enum Locking {

		/**
		 * Waits for the lock. For use in a transaction of the application, which delays
		 * no other session.
		 */
		WAIT(""),

		/**
		 * Skips the session without a word, so that it looks as if it did not exist. For
		 * the first attempt of a writer, which must not delay other sessions.
		 */
		SKIP(" skip locked"),

		/**
		 * Skips the session and reports it.
		 */
		SKIP_AND_REPORT(" skip locked");

		private final String clause;

		Locking(String clause) {
			this.clause = clause;
		}

		/**
		 * Returns what follows {@code for update} and the like in a statement.
		 * @return the clause, with a leading space; may be empty
		 */
		public String clause() {
			return this.clause;
		}

	}

}
