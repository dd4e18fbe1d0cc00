package dev.resumablews.internal.log;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

import dev.resumablews.ConversationMessage;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.codec.StoredPayloads;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.Conversation.StoredMessage;

/**
 * Reads events from Postgres. Safe for use by many threads.
 */
final class EventTable {

	/**
	 * Returns one row without an event if the page is empty. The running total prevents a
	 * page of large events from exhausting the memory. It uses the stored sizes, so that
	 * only returned payloads are read: Postgres reads a large payload when it is cast or
	 * sent. The size of the first event determines how many events are considered.
	 */
	private static final String PAGE = """
			with history as materialized (
				select session_id, last_event_id, ws_forks(forks, ws_epoch(), last_event_id + 1) as forks
				from ws_sessions
				where session_id = ?
			)
			select e.id, e.type, e.payload, e.created_at, h.last_event_id, h.forks
			from history h
			left join (
				select id, type, payload, created_at,
					sum(bytes) over (order by id rows unbounded preceding) - bytes as bytes_before
				from (
					select id, type, payload, created_at, coalesce(payload_bytes, octet_length(payload::text)) as bytes
					from ws_events
					where session_id = ? and id > ?
					order by id
					limit least(?, (
						select 16 + ? / greatest(1, payload_bytes) from ws_events
						where session_id = ? and id > ?
						order by id
						limit 1
					))
				) page
			) e on e.bytes_before < ?
			order by e.id
			""";

	/**
	 * Returns the message to answer last, even if it had to wait for its turn and answers
	 * to earlier messages were stored after it. Finds messages by index before it reads
	 * their sizes, and reads only returned payloads: the first one and those that still
	 * fit.
	 */
	private static final String CONVERSATION = """
			select id, type, payload, bytes
			from (
				select id, type, payload, bytes,
					sum(bytes) over (order by id = ? desc, id desc rows unbounded preceding) - bytes as bytes_before
				from (
					select id, type, payload, coalesce(payload_bytes, octet_length(payload::text)) as bytes
					from ws_events
					where session_id = ? and id = any (array(
						select id
						from (
							(
								select id from ws_events
								where session_id = ? and type = 'user_message' and id <= ?
								order by id desc
								limit ?
							) union all (
								select id from ws_events
								where session_id = ? and type = 'assistant_message' and id < ?
								order by id desc
								limit ?
							)
						) messages
						order by id = ? desc, id desc
						limit ?
					))
				) sized
			) newest
			where bytes_before < ?
			order by id = ? desc, id desc
			""";

	private final JdbcExecutor database;

	private final StoredPayloads payloads;

	private final long maxPageBytes;

	EventTable(JdbcExecutor database, StoredPayloads payloads, long maxPageBytes) {
		this.database = database;
		this.payloads = payloads;
		this.maxPageBytes = maxPageBytes;
	}

	Optional<StoredPage> page(UUID sessionId, long afterEventId, int limit) {
		Optional<LogPage> read = this.database.execute((session) -> session.query(PAGE, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setObject(2, sessionId);
			statement.setLong(3, afterEventId);
			statement.setInt(4, limit);
			statement.setLong(5, this.maxPageBytes);
			statement.setObject(6, sessionId);
			statement.setLong(7, afterEventId);
			statement.setLong(8, this.maxPageBytes);
		}, (rows) -> {
			return page(sessionId, rows);
		}));
		return read.map((page) -> new StoredPage(page, this.payloads, this.maxPageBytes));
	}

	private static Optional<LogPage> page(UUID sessionId, ResultSet rows) throws SQLException {
		LogPage page = null;
		while (rows.next()) {
			if (page == null) {
				page = new LogPage(new ArrayList<>(), rows.getLong(5), new Forks(rows.getString(6)));
			}
			if (rows.getString(2) != null) {
				page.events()
					.add(new SessionEvent(sessionId, rows.getLong(1), rows.getString(2), rows.getString(3),
							rows.getObject(4, OffsetDateTime.class).toInstant()));
			}
		}
		return Optional.ofNullable(page);
	}

	List<ConversationMessage> conversation(UUID sessionId, long lastUserMessage, int maxMessages, int maxCharacters) {
		return new Conversation(maxMessages, maxCharacters,
				(message) -> this.payloads.decode(sessionId, message.id(), message.type(), message.payload()))
			.read((before, limit, bytes) -> messages(sessionId, lastUserMessage, before, limit, bytes));
	}

	/**
	 * Reads messages of a conversation, newest first, and at least one if there is any.
	 * @param before id of the oldest message read so far; {@link Long#MAX_VALUE} if there
	 * is none
	 * @param limit maximum number of messages
	 * @param bytes total payload size in bytes at which to stop
	 */
	private List<StoredMessage> messages(UUID sessionId, long lastUserMessage, long before, int limit, long bytes) {
		long through = (before == Long.MAX_VALUE) ? lastUserMessage : Math.min(lastUserMessage, before) - 1;
		return this.database.execute((session) -> session.list(CONVERSATION, (statement) -> {
			statement.setLong(1, lastUserMessage);
			statement.setObject(2, sessionId);
			statement.setObject(3, sessionId);
			statement.setLong(4, through);
			statement.setInt(5, limit);
			statement.setObject(6, sessionId);
			statement.setLong(7, before);
			statement.setInt(8, limit);
			statement.setLong(9, lastUserMessage);
			statement.setInt(10, limit);
			statement.setLong(11, bytes);
			statement.setLong(12, lastUserMessage);
		}, (row) -> new StoredMessage(row.getLong(1), row.getString(2), row.getString(3), row.getLong(4))));
	}

}
