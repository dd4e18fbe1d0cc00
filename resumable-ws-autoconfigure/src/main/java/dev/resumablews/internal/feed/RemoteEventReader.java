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
 * Reads what other nodes have done to sessions that have connections on this node: what
 * they have appended, and whether they have closed them. For many sessions in one query.
 * Safe for use by many threads. Its methods block until Postgres answers, and throw
 * {@link EventLogUnavailableException} when it does not.
 */
public final class RemoteEventReader {

	/**
	 * A session that is being erased counts as missing. All rows come from one snapshot,
	 * so what is missing between two of them is not in the log any more. A session's page
	 * is as large as what its feed can hold, and the payloads that are too much for all
	 * pages together are left out. Payloads that are not returned are not read.
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
			) news
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
	 * Tells whether a session has a feed on this node. If it has none, its news may be
	 * forgotten: whoever comes later joins the feed before looking at the log.
	 * @param sessionId the session
	 * @return whether its news is to be read
	 */
	public boolean concerns(UUID sessionId) {
		return this.feeds.has(sessionId);
	}

	/**
	 * Returns whether there is nothing to read, whatever other nodes do.
	 * @return whether no session has a feed on this node
	 */
	public boolean isIdle() {
		return this.feeds.isEmpty();
	}

	/**
	 * Reads the news of those of the sessions that have a feed on this node.
	 * @param sessionIds the sessions
	 */
	public void read(Collection<UUID> sessionIds) {
		read(this.feeds.find(sessionIds), true);
	}

	/**
	 * Reads the news of all sessions that have a feed on this node.
	 */
	public void readAll() {
		read(this.feeds.all(), false);
	}

	/**
	 * Reads news.
	 * @param signalled whether there was a signal for each of the sessions. One that is
	 * missing then was erased, while it may be about to be opened otherwise
	 */
	private void read(Map<UUID, SessionFeed> feeds, boolean signalled) {
		if (feeds.isEmpty()) {
			return;
		}
		Map<UUID, Known> known = feeds.entrySet()
			.stream()
			.collect(Collectors.toMap(Map.Entry::getKey, (entry) -> entry.getValue().known()));
		for (News news : query(known, signalled)) {
			SessionFeed feed = feeds.get(news.sessionId());
			Known before = known.get(news.sessionId());
			if (feed == null || before == null) {
				continue;
			}
			Known log = news.log();
			if (log == null && signalled) {
				feed.erased();
				continue;
			}
			if (log == null) {
				feed.gone(before);
				continue;
			}
			if (RemoteEventDecoder.isNeeded(news.events())) {
				this.decoder.execute(news.sessionId(),
						() -> followed(feed, before, this.decoder.decode(news.events(), feed), log, news.closed()));
			}
			else {
				followed(feed, before, news.events(), log, news.closed());
			}
		}
	}

	private static void followed(SessionFeed feed, Known before, List<FeedEntry> events, Known log, boolean closed) {
		feed.followed(before, events, log);
		if (closed) {
			feed.closed(log.last());
		}
	}

	private List<News> query(Map<UUID, Known> known, boolean signalled) {
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
			return news(rows);
		}));
	}

	private static List<News> news(ResultSet rows) throws SQLException {
		List<News> all = new ArrayList<>();
		News news = null;
		while (rows.next()) {
			UUID sessionId = rows.getObject("session_id", UUID.class);
			if (news == null || !news.sessionId().equals(sessionId)) {
				String forks = rows.getString("forks");
				Known log = (forks != null) ? new Known(rows.getLong("last_event_id"), new Forks(forks)) : null;
				news = new News(sessionId, log, rows.getBoolean("closed"), new ArrayList<>());
				all.add(news);
			}
			String payload = rows.getString("payload");
			if (payload != null && news.log() != null) {
				news.events().add(event(sessionId, rows, payload, news.log().forks()));
			}
		}
		return all;
	}

	/**
	 * A whole message stands in for its deltas. What else an event made obsolete is not
	 * known here, and stays in the feed until it is full, which does no harm.
	 */
	private static FeedEntry event(UUID sessionId, ResultSet rows, String payload, Forks forks) throws SQLException {
		SessionEvent event = new SessionEvent(sessionId, rows.getLong("id"), rows.getString("type"), payload,
				rows.getObject("created_at", OffsetDateTime.class).toInstant());
		UUID messageId = rows.getObject("message_id", UUID.class);
		return new FeedEntry(event, messageId, event.type().equals("assistant_message") ? messageId : null, forks);
	}

	/**
	 * What is new in a session.
	 *
	 * @param sessionId the session
	 * @param log its newest event and its history; null if there is no such session
	 * @param closed whether nothing will follow that
	 * @param events its new events, perhaps without the last ones
	 */
	private record News(UUID sessionId, @Nullable Known log, boolean closed, List<FeedEntry> events) {

	}

}
