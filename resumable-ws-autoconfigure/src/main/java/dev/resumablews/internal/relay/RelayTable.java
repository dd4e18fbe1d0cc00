package dev.resumablews.internal.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.feed.SessionFeed.Known;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * The table of relays. A relay has a row from its first client message until the cleanup
 * deletes it, some time after it has ended. The node with the last claim holds a lease,
 * which it renews, and a fencing number, which every write of the relay requires.
 * <ol>
 * <li>A lease belongs to a relay, identified by session, name and fencing number. A lease
 * that is not renewed expires.
 * <li>Each statement may be repeated. If a response is lost, the next statement finds the
 * effects, or they expire with the lease.
 * <li>A message is marked as attempted by the statement that reads it, before it is sent.
 * The next owner can therefore distinguish messages that may have reached the upstream
 * from those that have not.
 * <li>Each statement reads the given rows by key, and a bounded number of rows with an
 * expired lease.
 * </ol>
 * Times are those of the database. Safe for use by many threads; the methods block until
 * Postgres answers, and throw {@link dev.resumablews.EventLogUnavailableException} if it
 * does not.
 * <p>
 * Most of this class is SQL.
 */
final class RelayTable {

	/**
	 * Fencing numbers grow by random steps, so that a claim lost in a failover does not
	 * share its number with a later one.
	 */
	private static final String CLAIM = """
			with configured as materialized (
				select name, lease, room from unnest(?::text[], ?::float8[], ?::int[]) as c (name, lease, room)
			), held as materialized (
				select session_id, name from unnest(?::uuid[], ?::text[]) as h (session_id, name)
			), lapsed as materialized (
				select session_id, name
				from ws_relays
				where state <> 'ended' and lease_until <= statement_timestamp() and name = any (?::text[])
				order by lease_until
				limit ?
			), candidates as materialized (
				select c.session_id, c.name, bool_or(c.targeted) as targeted
				from (
					select session_id, name, true as targeted from unnest(?::uuid[], ?::text[]) as t (session_id, name)
					union all
					select session_id, name, false from lapsed
				) c
				where not exists (select from held h where h.session_id = c.session_id and h.name = c.name)
				group by c.session_id, c.name
				order by c.session_id, c.name
			), locked as materialized (
				select c.session_id, c.name, r.created_at, r.lease_until <= statement_timestamp() as lapsed
				from candidates c
				cross join lateral (
					select r.created_at, r.lease_until
					from ws_relays r
					where r.session_id = c.session_id and r.name = c.name and r.state <> 'ended'
						and (r.lease_until <= statement_timestamp()
							or c.targeted and (r.state = 'waiting' or r.node_id = ?))
					for update skip locked
				) r
			), missed as materialized (
				select c.session_id, c.name
				from candidates c
				cross join lateral (
					select from ws_relays r
					where r.session_id = c.session_id and r.name = c.name and r.state <> 'ended'
						and (r.lease_until <= statement_timestamp()
							or c.targeted and (r.state = 'waiting' or r.node_id = ?))
					limit 1
				) r
				where not exists (select from locked l where l.session_id = c.session_id and l.name = c.name)
			), judged as materialized (
				select l.*, s.session_id is null as orphaned
				from locked l
				left join lateral (
					select s.session_id
					from ws_sessions s
					where s.session_id = l.session_id and coalesce(s.closed_at is null, false)
					limit 1
				) s on true
			), ranked as materialized (
				select j.*, c.lease, c.room, row_number() over (
					partition by j.name, orphaned order by created_at, j.session_id) as place
				from judged j
				join configured c on c.name = j.name
			), deleted as (
				delete from ws_relays r
				using ranked k
				where k.orphaned and r.session_id = k.session_id and r.name = k.name
			), claimed as (
				update ws_relays r
				set state = 'running', node_id = ?, fence = r.fence + 1 + floor(random() * 1000000000)::bigint,
					lease_until = statement_timestamp() + make_interval(secs => k.lease), updated_at = statement_timestamp()
				from ranked k
				where not k.orphaned and k.place <= k.room and r.session_id = k.session_id and r.name = k.name
				returning r.session_id, r.name, r.user_id, r.fence, r.wanted_id, r.attempted_id, r.forwarded_id,
					r.asked_bytes, r.forwarded_bytes
			), offered as (
				update ws_relays r
				set node_id = null, lease_until = statement_timestamp(), updated_at = statement_timestamp()
				from ranked k
				where not k.orphaned and k.place > k.room and not k.lapsed
					and r.session_id = k.session_id and r.name = k.name
				returning 1
			), summary as (
				select (select count(*) from offered) as offered, (select count(*) from missed) as missed,
					(select extract(epoch from lease_until - statement_timestamp())::float8
						from ws_relays
						where state <> 'ended' and lease_until > statement_timestamp()
						order by lease_until
						limit 1) as lapses_in
			)
			select * from summary left join claimed on true
			""";

	private static final String RENEW = """
			with held as materialized (
				select h.*, r.wanted_id, r.asked_bytes
				from unnest(?::uuid[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::float8[])
					as h (session_id, name, fence, forwarded, bytes, lease)
				join ws_relays r on r.session_id = h.session_id and r.name = h.name
					and r.fence = h.fence and r.state = 'running'
				join ws_sessions s on s.session_id = r.session_id and s.closed_at is null
			), locked as materialized (
				select h.*
				from held h
				join ws_relays r on r.session_id = h.session_id and r.name = h.name
					and r.fence = h.fence and r.state = 'running'
				order by r.session_id, r.name
				for no key update of r skip locked
			), renewed as (
				update ws_relays r
				set lease_until = statement_timestamp() + make_interval(secs => l.lease),
					forwarded_id = greatest(r.forwarded_id, l.forwarded),
					forwarded_bytes = case when l.forwarded >= r.wanted_id then r.asked_bytes
						else greatest(r.forwarded_bytes, l.bytes) end,
					updated_at = statement_timestamp()
				from locked l
				where r.session_id = l.session_id and r.name = l.name
				returning r.session_id, r.name
			)
			select h.session_id, h.name, h.wanted_id, h.asked_bytes, n.session_id is not null as renewed
			from held h
			left join renewed n on n.session_id = h.session_id and n.name = h.name
			""";

	/**
	 * Reads the messages of a page by key, and marks them. Client messages are the events
	 * with a message id.
	 */
	private static final String READ = """
			with found as materialized (
				select e.id, e.message_id, e.payload, coalesce(e.payload_bytes, octet_length(e.payload::text)) as bytes
				from ws_events e
				where e.session_id = ? and e.id > ? and e.type = ? and e.message_id is not null
				order by e.id
				limit ?
			), page as materialized (
				select f.*
				from (
					select f.*, sum(f.bytes) over (order by f.id rows unbounded preceding) - f.bytes as bytes_before
					from found f
				) f
				where f.bytes_before < ?
			), marked as (
				update ws_relays r
				set attempted_id = greatest(r.attempted_id, (select max(id) from page))
				where (select count(*) from page) > 0
					and r.session_id = ? and r.name = ? and r.fence = ? and r.state = 'running'
				returning r.session_id
			)
			select s.last_event_id, ws_forks(s.forks, ws_epoch(), s.last_event_id + 1) as forks,
				(select count(*) from found) as found,
				case when (select count(*) from page) > 0 then (select count(*) from marked) > 0 else exists (
					select from ws_relays r
					where r.session_id = s.session_id and r.name = ? and r.fence = ? and r.state = 'running') end as owned,
				p.id, p.message_id, p.payload, p.bytes
			from ws_sessions s
			left join page p on true
			where s.session_id = ?
			order by p.id
			""";

	private static final String RELEASE = """
			with held as materialized (
				select session_id, name, fence, forwarded, bytes
				from unnest(?::uuid[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[])
					as h (session_id, name, fence, forwarded, bytes)
			)
			update ws_relays r
			set state = 'waiting', node_id = null, lease_until = statement_timestamp(), updated_at = statement_timestamp(),
				forwarded_id = greatest(r.forwarded_id, h.forwarded),
				forwarded_bytes = case when h.forwarded >= r.wanted_id then r.asked_bytes
					else greatest(r.forwarded_bytes, h.bytes) end
			from held h
			where r.session_id = h.session_id and r.name = h.name and r.fence = h.fence and r.state = 'running'
			""";

	private static final String STATE = """
			select exists (
					select from ws_relays where session_id = ? and name = ? and state <> 'ended') as open,
				(select asked_bytes - forwarded_bytes from ws_relays where session_id = ? and name = ?) as waiting,
				(select count(*) from (
					select from ws_relays where user_id = ? and name = ? and state <> 'ended' limit ?) u) as used
			""";

	/**
	 * Maximum number of rows with an expired lease per statement.
	 */
	private static final int MAX_EXPIRED = 100;

	private final JdbcExecutor database;

	/**
	 * Uses reserved connections, so that renewals do not wait for other work.
	 */
	private final JdbcExecutor leases;

	private final UUID nodeId;

	/**
	 * Creates the table.
	 * @param database the database
	 * @param nodeId the claiming node
	 */
	RelayTable(JdbcExecutor database, NodeId nodeId) {
		this.database = database;
		this.leases = database.reserved();
		this.nodeId = nodeId.value();
	}

	/**
	 * Claims the given relays and relays with an expired lease. Relays for which this
	 * node has no room become claimable by any node. Relays of closed or deleted sessions
	 * are deleted.
	 * @param rooms the number of further relays by name
	 * @param held the relays that this node runs
	 * @param wanted the relays to claim by name
	 * @param scan whether to claim relays with an expired lease
	 */
	Claims claim(Map<RelaySettings, Integer> rooms, Collection<RelayKey> held, Collection<RelayKey> wanted,
			boolean scan) {
		List<Map.Entry<RelaySettings, Integer>> relays = List.copyOf(rooms.entrySet());
		boolean room = rooms.values().stream().anyMatch((each) -> each > 0);
		return this.database.execute((session) -> session.query(CLAIM, (statement) -> {
			setArray(statement, 1, "text", relays.stream().map((relay) -> relay.getKey().name()).toArray());
			setArray(statement, 2, "float8", relays.stream().map((relay) -> seconds(relay.getKey().lease())).toArray());
			setArray(statement, 3, "int", relays.stream().map(Map.Entry::getValue).toArray());
			setKeys(statement, 4, held);
			setArray(statement, 6, "text",
					relays.stream()
						.filter((relay) -> relay.getValue() > 0)
						.map((relay) -> relay.getKey().name())
						.toArray());
			statement.setInt(7, (scan && room) ? MAX_EXPIRED : 0);
			setKeys(statement, 8, wanted);
			statement.setObject(10, this.nodeId);
			statement.setObject(11, this.nodeId);
			statement.setObject(12, this.nodeId);
		}, RelayTable::claims));
	}

	/**
	 * Renews the leases of relays, and stores their progress.
	 * @param relays this node's relays and their progress
	 * @return the state of each relay that this node still holds. Missing relays were
	 * claimed by another node, or their session is closed or deleted
	 */
	Map<RelayKey, Renewal> renew(Map<Relay, Progress.Mark> relays) {
		List<Map.Entry<Relay, Progress.Mark>> order = List.copyOf(relays.entrySet());
		return this.leases.execute((session) -> session.query(RENEW, (statement) -> {
			setProgress(statement, order);
			setArray(statement, 6, "float8",
					order.stream().map((relay) -> seconds(relay.getKey().settings().lease())).toArray());
		}, (rows) -> {
			Map<RelayKey, Renewal> renewals = new HashMap<>();
			while (rows.next()) {
				renewals.put(key(rows), new Renewal(rows.getLong("wanted_id"), rows.getLong("asked_bytes"),
						rows.getBoolean("renewed")));
			}
			return renewals;
		}));
	}

	/**
	 * Reads the next messages to forward, and marks them as attempted.
	 * @param afterEventId the event after which to start
	 * @param limit maximum number of messages
	 * @param maxBytes total size at which to stop
	 * @return the messages; empty if the session does not exist
	 */
	Optional<RelayPage> read(ClaimedRelay claim, long afterEventId, int limit, long maxBytes) {
		RelayKey key = claim.key();
		return this.database.execute((session) -> session.query(READ, (statement) -> {
			statement.setObject(1, key.sessionId());
			statement.setLong(2, afterEventId);
			statement.setString(3, RelayType.of(key.name()));
			statement.setInt(4, limit);
			statement.setLong(5, maxBytes);
			statement.setObject(6, key.sessionId());
			statement.setString(7, key.name());
			statement.setLong(8, claim.fence());
			statement.setString(9, key.name());
			statement.setLong(10, claim.fence());
			statement.setObject(11, key.sessionId());
		}, (rows) -> page(rows, limit)));
	}

	/**
	 * Releases relays, so that any node can claim them. Relays claimed by another node
	 * are not changed.
	 * @param relays the relays and their progress
	 */
	void release(Map<Relay, Progress.Mark> relays) {
		List<Map.Entry<Relay, Progress.Mark>> order = List.copyOf(relays.entrySet());
		this.database.execute((session) -> session.update(RELEASE, (statement) -> setProgress(statement, order)));
	}

	/**
	 * Reads the state that decides whether a message is accepted.
	 * @param limit maximum count of the user's relays
	 */
	State state(RelayKey key, String userId, int limit) {
		return this.database.execute((session) -> session.query(STATE, (statement) -> {
			statement.setObject(1, key.sessionId());
			statement.setString(2, key.name());
			statement.setObject(3, key.sessionId());
			statement.setString(4, key.name());
			statement.setString(5, userId);
			statement.setString(6, key.name());
			statement.setInt(7, limit);
		}, (rows) -> {
			rows.next();
			return new State(rows.getBoolean("open"), rows.getLong("waiting"), rows.getInt("used"));
		}));
	}

	private static Claims claims(ResultSet rows) throws SQLException {
		List<ClaimedRelay> claimed = new ArrayList<>();
		boolean offered = false;
		boolean missed = false;
		Duration lapsesIn = null;
		while (rows.next()) {
			offered = rows.getInt("offered") > 0;
			missed = rows.getInt("missed") > 0;
			double seconds = rows.getDouble("lapses_in");
			lapsesIn = rows.wasNull() ? null : Duration.ofNanos((long) (seconds * 1e9));
			if (rows.getObject("session_id") != null) {
				claimed.add(new ClaimedRelay(key(rows), rows.getString("user_id"), rows.getLong("fence"),
						rows.getLong("wanted_id"), rows.getLong("attempted_id"), rows.getLong("forwarded_id"),
						rows.getLong("asked_bytes"), rows.getLong("forwarded_bytes")));
			}
		}
		return new Claims(claimed, offered, missed, lapsesIn);
	}

	private static Optional<RelayPage> page(ResultSet rows, int limit) throws SQLException {
		List<RelayPage.Message> messages = new ArrayList<>();
		RelayPage page = null;
		while (rows.next()) {
			if (rows.getObject("id") != null) {
				messages.add(new RelayPage.Message(rows.getLong("id"), rows.getObject("message_id", UUID.class),
						rows.getString("payload"), rows.getLong("bytes")));
			}
			if (page == null) {
				int found = rows.getInt("found");
				page = new RelayPage(rows.getBoolean("owned"), found, limit, messages,
						new Known(rows.getLong("last_event_id"), new Forks(rows.getString("forks"))));
			}
		}
		return Optional.ofNullable(page);
	}

	private static void setProgress(PreparedStatement statement, List<Map.Entry<Relay, Progress.Mark>> relays)
			throws SQLException {
		setKeys(statement, 1, relays.stream().map((relay) -> relay.getKey().claim().key()).toList());
		setArray(statement, 3, "bigint", relays.stream().map((relay) -> relay.getKey().claim().fence()).toArray());
		setArray(statement, 4, "bigint", relays.stream().map((relay) -> relay.getValue().forwarded()).toArray());
		setArray(statement, 5, "bigint", relays.stream().map((relay) -> relay.getValue().bytes()).toArray());
	}

	/**
	 * Sets two parameters: the session ids and the names.
	 */
	static void setKeys(PreparedStatement statement, int index, Collection<RelayKey> keys) throws SQLException {
		setArray(statement, index, "uuid", keys.stream().map(RelayKey::sessionId).toArray());
		setArray(statement, index + 1, "text", keys.stream().map(RelayKey::name).toArray());
	}

	private static void setArray(PreparedStatement statement, int index, String type, Object[] values)
			throws SQLException {
		Connection connection = statement.getConnection();
		statement.setArray(index, connection.createArrayOf(type, values));
	}

	private static RelayKey key(ResultSet rows) throws SQLException {
		return new RelayKey(rows.getObject("session_id", UUID.class), rows.getString("name"));
	}

	private static double seconds(Duration duration) {
		return duration.toMillis() / 1000.0;
	}

	/**
	 * Result of a claim.
	 *
	 * @param relays the claimed relays
	 * @param offered whether relays became claimable by any node, of which other nodes
	 * must be notified
	 * @param missed whether a relay was skipped because its row is locked
	 * @param lapsesIn time until the next lease expires; null if there is none
	 */
	record Claims(List<ClaimedRelay> relays, boolean offered, boolean missed, @Nullable Duration lapsesIn) {

	}

	/**
	 * State of a relay that this node still holds.
	 *
	 * @param wantedId the newest client message
	 * @param askedBytes total size of all messages
	 * @param renewed whether the lease was renewed
	 */
	record Renewal(long wantedId, long askedBytes, boolean renewed) {

	}

	/**
	 * State relevant for a client message.
	 *
	 * @param open whether the session's relay is open
	 * @param waiting total size of the messages that are not forwarded yet
	 * @param used number of the user's relays, up to the requested limit
	 */
	record State(boolean open, long waiting, int used) {

	}

}
