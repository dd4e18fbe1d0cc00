package dev.resumablews.internal.log;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

import dev.resumablews.ConversationMessage;
import dev.resumablews.ConversationMessage.Role;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads events from Postgres. Safe for use by many threads.
 */
final class EventTable {

	/**
	 * Has one row without an event if there is none. The running total keeps a page of
	 * large events from filling the memory. It is taken from the sizes, so that only
	 * payloads that are returned are read: Postgres reads a large payload when it is cast
	 * or sent. The size of the first event tells how many events to look at.
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
	 * The message to answer counts as the last one, also when answers to earlier ones
	 * were stored after it, because it had to wait for its turn. Finds the messages by
	 * their index before it reads any payload.
	 */
	private static final String CONVERSATION = """
			select id, type, payload
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
						where session_id = ? and type = 'assistant_message'
						order by id desc
						limit ?
					)
				) messages
				order by id = ? desc, id desc
				limit ?
			))
			order by id = ? desc, id desc
			""";

	private final JdbcExecutor database;

	private final long maxPageBytes;

	private final JsonMapper json = JsonMapper.shared();

	EventTable(JdbcExecutor database, long maxPageBytes) {
		this.database = database;
		this.maxPageBytes = maxPageBytes;
	}

	Optional<LogPage> page(UUID sessionId, long afterEventId, int limit) {
		return this.database.execute((session) -> session.query(PAGE, (statement) -> {
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

	/**
	 * The content is taken out here and not by Postgres, which cannot give a text that
	 * holds the character NUL.
	 */
	List<ConversationMessage> conversation(UUID sessionId, long lastUserMessage, int limit) {
		return this.database.execute((session) -> {
			List<ConversationMessage> messages = session.list(CONVERSATION, (statement) -> {
				statement.setObject(1, sessionId);
				statement.setObject(2, sessionId);
				statement.setLong(3, lastUserMessage);
				statement.setInt(4, limit);
				statement.setObject(5, sessionId);
				statement.setInt(6, limit);
				statement.setLong(7, lastUserMessage);
				statement.setInt(8, limit);
				statement.setLong(9, lastUserMessage);
			}, this::message);
			Collections.reverse(messages);
			return messages;
		});
	}

	private ConversationMessage message(ResultSet row) throws SQLException {
		Role role = row.getString(2).equals("user_message") ? Role.USER : Role.ASSISTANT;
		String content = this.json.readTree(row.getString(3)).path("content").asString("");
		return new ConversationMessage(role, content);
	}

}
