package dev.resumablews.internal.feed;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.codec.StoredPayloads;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.feed.SessionFeed.Known;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Reads the events that other nodes have appended to sessions with connections on this
 * node, and detects sessions that other nodes have closed. One query covers many
 * sessions. Safe for use by many threads. Its methods block until Postgres answers, and
 * throw {@link EventLogUnavailableException} if it does not.
 */
public final class RemoteEventReader {

	/**
	 * A session that is being erased counts as missing. All rows come from one snapshot,
	 * so an id that is missing between two rows is no longer in the log. A session's page
	 * is limited to the capacity of its feed. Payloads beyond the limit for all pages
	 * together are omitted without being read.
	 */
	private static final String SQL = """
			with epoch as materialized (
				select ws_epoch() as epoch
			)
			select session_id, last_event_id, forks, closed, id, type, message_id, created_at,
				case when sum(length) over (order by session_id, id) - length < ? then payload end as payload
			from (
				select known.session_id, s.last_event_id, ws_forks(s.forks, h.epoch, s.last_event_id + 1) as forks,
					s.closed_at is not null as closed, e.id, e.type, e.message_id, e.created_at, e.payload, e.length
				from unnest(?::uuid[], ?::bigint[], ?::text[]) as known (session_id, last_event_id, forks)
				cross join epoch h
				left join ws_sessions s on s.session_id = known.session_id and s.closed_at is distinct from '-infinity'
				left join lateral (
					select id, type, message_id, created_at, payload, length,
						sum(length) over (order by id) - length as length_before
					from (
						select id, type, message_id, created_at, payload,
							coalesce(payload_bytes, octet_length(payload::text)) as length
						from ws_events
						where session_id = known.session_id and id > known.last_event_id
						order by id
						limit ?
					) page
				) e on e.length_before < ?
				where s.session_id is null and (known.last_event_id > 0 or ?) or s.closed_at is not null or s.last_event_id <> known.last_event_id
					or ws_forks(s.forks, h.epoch, s.last_event_id + 1) <> known.forks
			) changes
			order by session_id, id
			""";

	private static final long MAX_BYTES = 8 * 1024 * 1024;

	private final JdbcExecutor database;

	private final SessionFeeds feeds;

	private final RemoteEventDecoder decoder;

	public RemoteEventReader(JdbcExecutor database, SessionFeeds feeds) {
		this(database, feeds, StoredPayloads.PLAIN);
	}

	public RemoteEventReader(JdbcExecutor database, SessionFeeds feeds, StoredPayloads payloads) {
		this.decoder = new RemoteEventDecoder(payloads, feeds.maxCharacters());
		this.database = database.reserved();
		this.feeds = feeds;
	}

	/**
	 * Returns whether a session has a feed on this node. If it has none, its changes can
	 * be ignored: a connection that opens later joins the feed before it reads the log.
	 * @param sessionId the session
	 * @return whether to read its changes
	 */
	public boolean concerns(UUID sessionId) {
		return this.feeds.has(sessionId);
	}

	/**
	 * Returns whether no session has a feed on this node, so that there is nothing to
	 * read.
	 * @return whether no session has a feed on this node
	 */
	public boolean isIdle() {
		return this.feeds.isEmpty();
	}

	/**
	 * Reads the changes of the given sessions, ignoring those without a feed on this
	 * node.
	 * @param sessionIds the sessions
	 */
	public void read(Collection<UUID> sessionIds) {
		read(this.feeds.find(sessionIds), true);
	}

	/**
	 * Reads the changes of all sessions that have a feed on this node.
	 */
	public void readAll() {
		read(this.feeds.all(), false);
	}

	/**
	 * Reads changes.
	 * @param signalled whether a signal was received for each of the sessions. If so, a
	 * missing session was erased; otherwise it may not have been created yet
	 */
	private void read(Map<UUID, SessionFeed> feeds, boolean signalled) {
		if (feeds.isEmpty()) {
			return;
		}
		Map<UUID, Known> known = feeds.entrySet()
			.stream()
			.collect(Collectors.toMap(Map.Entry::getKey, (entry) -> entry.getValue().known()));
		for (SessionChanges changes : query(known, signalled)) {
			SessionFeed feed = feeds.get(changes.sessionId());
			Known before = known.get(changes.sessionId());
			if (feed == null || before == null) {
				continue;
			}
			Known log = changes.log();
			if (log == null && signalled) {
				feed.erased();
				continue;
			}
			if (log == null) {
				feed.missing(before);
				continue;
			}
			if (RemoteEventDecoder.isNeeded(changes.events())) {
				this.decoder.execute(changes.sessionId(),
						() -> append(feed, before, this.decoder.decode(changes.events(), feed), log, changes.closed()));
			}
			else {
				append(feed, before, changes.events(), log, changes.closed());
			}
		}
	}

	private static void append(SessionFeed feed, Known before, List<FeedEntry> events, Known log, boolean closed) {
		feed.appendFromLog(before, events, log);
		if (closed) {
			feed.closed(log.last());
		}
	}

	private List<SessionChanges> query(Map<UUID, Known> known, boolean signalled) {
		return this.database.execute((session) -> session.query(SQL, (statement) -> {
			Connection connection = statement.getConnection();
			statement.setLong(1, MAX_BYTES);
			statement.setArray(2, connection.createArrayOf("uuid", known.keySet().toArray()));
			statement.setArray(3,
					connection.createArrayOf("bigint", known.values().stream().map(Known::last).toArray()));
			statement.setArray(4, connection.createArrayOf("text",
					known.values().stream().map((log) -> log.forks().text()).toArray()));
			statement.setInt(5, this.feeds.maxEvents());
			statement.setLong(6, this.feeds.maxCharacters());
			statement.setBoolean(7, signalled);
		}, (rows) -> {
			return changes(rows);
		}));
	}

	private static List<SessionChanges> changes(ResultSet rows) throws SQLException {
		List<SessionChanges> all = new ArrayList<>();
		SessionChanges changes = null;
		while (rows.next()) {
			UUID sessionId = rows.getObject("session_id", UUID.class);
			if (changes == null || !changes.sessionId().equals(sessionId)) {
				String forks = rows.getString("forks");
				Known log = (forks != null) ? new Known(rows.getLong("last_event_id"), new Forks(forks)) : null;
				changes = new SessionChanges(sessionId, log, rows.getBoolean("closed"), new ArrayList<>());
				all.add(changes);
			}
			String payload = rows.getString("payload");
			if (payload != null && changes.log() != null) {
				changes.events().add(event(sessionId, rows, payload, changes.log().forks()));
			}
		}
		return all;
	}

	/**
	 * An {@code assistant_message} replaces its deltas. Other events that a remote event
	 * made obsolete are unknown here and stay in the feed until it is full, which is
	 * harmless.
	 */
	private static FeedEntry event(UUID sessionId, ResultSet rows, String payload, Forks forks) throws SQLException {
		SessionEvent event = new SessionEvent(sessionId, rows.getLong("id"), rows.getString("type"), payload,
				rows.getObject("created_at", OffsetDateTime.class).toInstant());
		UUID messageId = rows.getObject("message_id", UUID.class);
		return new FeedEntry(event, messageId, event.type().equals("assistant_message") ? messageId : null, forks);
	}

	/**
	 * The changes of a session.
	 *
	 * @param sessionId the session
	 * @param log its newest event and its history; null if the session does not exist
	 * @param closed whether the session is closed, so that no event follows
	 * @param events its new events, possibly without the last ones
	 */
	private record SessionChanges(UUID sessionId, @Nullable Known log, boolean closed, List<FeedEntry> events) {

	}

}
