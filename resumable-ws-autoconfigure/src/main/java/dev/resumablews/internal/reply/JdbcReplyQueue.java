package dev.resumablews.internal.reply;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.node.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * The queue of replies in Postgres. A reply that has not ended has a row. The node that
 * claimed it last holds a lease, which it renews, and a fencing number, without which
 * nothing is written for the reply. When the lease has passed, any node may claim it.
 * <ol>
 * <li>A lease belongs to a reply, identified by session, message and fencing number, and
 * not to all that name a node: what a node does not renew lapses.
 * <li>Each statement may be repeated. If the answer to one is lost, what it did is found
 * by the next one, or lapses with its lease.
 * <li>No statement waits for a row, except {@link #cancel}. Rows that are locked are
 * skipped, and reported.
 * <li>Each statement reads the rows it is given by key, and a bounded number of those
 * whose lease has passed. None reads the whole table.
 * </ol>
 * Times are those of the database. Safe for use by many threads; the methods block until
 * Postgres answers, and throw {@link dev.resumablews.EventLogUnavailableException} when
 * it does not.
 * <p>
 * Most of this class is SQL.
 */
public final class JdbcReplyQueue {

	private static final String RENEW = """
			with held as materialized (
				select r.session_id, r.event_id, r.fence, r.cancelled_at is not null as cancelled
				from unnest(?::uuid[], ?::bigint[], ?::bigint[]) as h (session_id, event_id, fence)
				join ws_replies r on r.session_id = h.session_id and r.event_id = h.event_id
					and r.fence = h.fence and r.state = 'running'
				join ws_sessions s on s.session_id = r.session_id and s.closed_at is null
			), locked as materialized (
				select r.session_id, r.event_id
				from held h
				join ws_replies r on r.session_id = h.session_id and r.event_id = h.event_id
					and r.fence = h.fence and r.state = 'running'
				order by r.session_id, r.event_id
				for no key update of r skip locked
			), renewed as (
				update ws_replies r
				set lease_until = statement_timestamp() + make_interval(secs => ?), updated_at = statement_timestamp()
				from locked l
				where r.session_id = l.session_id and r.event_id = l.event_id
				returning r.session_id, r.event_id
			)
			select h.session_id, h.event_id, h.cancelled, n.session_id is not null as renewed
			from held h
			left join renewed n on n.session_id = h.session_id and n.event_id = h.event_id
			""";

	private static final String FIND_CANCELLED = """
			select session_id, event_id, fence
			from ws_replies
			where cancelled_at is not null and node_id = ? and state = 'running'
			""";

	private static final String CANCEL = """
			with wanted as materialized (
				select r.session_id, r.event_id
				from ws_replies r
				join ws_sessions s on s.session_id = r.session_id
				where r.session_id = ? and s.user_id = ?
					and r.message_id is not distinct from coalesce(?::uuid, r.message_id) and r.cancelled_at is null
				order by r.session_id, r.event_id
				for no key update of r
			)
			update ws_replies r
			set cancelled_at = statement_timestamp(), updated_at = statement_timestamp(),
				lease_until = case when r.state = 'waiting' then statement_timestamp() else r.lease_until end
			from wanted w
			where r.session_id = w.session_id and r.event_id = w.event_id
			""";

	private static final String RELEASE = """
			with held as materialized (
				select r.session_id, r.event_id, r.fence, h.attempted
				from unnest(?::uuid[], ?::bigint[], ?::bigint[], ?::bool[]) as h (session_id, event_id, fence, attempted)
				join ws_replies r on r.session_id = h.session_id and r.event_id = h.event_id
					and r.fence = h.fence and r.state = 'running'
			), locked as materialized (
				select r.session_id, r.event_id, h.attempted, s.session_id is null as gone
				from held h
				join ws_replies r on r.session_id = h.session_id and r.event_id = h.event_id
					and r.fence = h.fence and r.state = 'running'
				left join ws_sessions s on s.session_id = r.session_id and s.closed_at is null
				order by r.session_id, r.event_id
				for update of r skip locked
			), gone as (
				delete from ws_replies r
				using locked l
				where l.gone and r.session_id = l.session_id and r.event_id = l.event_id
			), released as (
				update ws_replies r
				set state = 'waiting', node_id = null, updated_at = statement_timestamp(),
					attempts = case when l.attempted then r.attempts else greatest(r.attempts - 1, 0) end,
					lease_until = statement_timestamp()
						+ case when l.attempted then make_interval(secs => ? * power(2, least(r.attempts, 7) - 1)) else interval '0' end
				from locked l
				where not l.gone and r.session_id = l.session_id and r.event_id = l.event_id
			)
			select h.session_id, h.event_id
			from held h
			where not exists (select from locked l where l.session_id = h.session_id and l.event_id = h.event_id)
			""";

	private static final String HOLDS = """
			select 1
			from ws_replies r
			join ws_sessions s on s.session_id = r.session_id and s.closed_at is null
			where r.session_id = ? and r.event_id = ? and r.fence = ? and r.state = 'running'
			""";

	/**
	 * Locks the session first, as everything does that locks both.
	 */
	private static final String END = """
			with open as materialized (
				select session_id from ws_sessions where session_id = ? and closed_at is null for key share
			)
			delete from ws_replies r
			using open o
			where r.session_id = o.session_id and r.event_id = ? and r.fence = ? and r.state = 'running'
			""";

	private final JdbcExecutor database;

	/**
	 * What keeps leases does not wait for a connection that others use.
	 */
	private final JdbcExecutor leases;

	private final ClaimStatement claim;

	private final UUID nodeId;

	private final double leaseSeconds;

	/**
	 * Creates a queue.
	 * @param database where it is
	 * @param nodeId the node that claims
	 * @param lease how long a claim lasts without being renewed
	 */
	public JdbcReplyQueue(JdbcExecutor database, NodeId nodeId, Duration lease) {
		this.database = database;
		this.leases = database.reserved();
		this.nodeId = nodeId.value();
		this.leaseSeconds = seconds(lease);
		this.claim = new ClaimStatement(nodeId.value(), this.leaseSeconds);
	}

	/**
	 * Claims replies, the oldest first, while users take turns. Those that wait for this
	 * node and have no room on it are left to any node. Of those that were found by their
	 * lease, the ones whose turn has not come are postponed by a lease, and those whose
	 * sessions are closed or gone are removed.
	 * @param request which ones
	 * @return the replies, and what else is to be done
	 */
	public Claims claim(ClaimRequest request) {
		return this.database.execute((session) -> this.claim.execute(session, request));
	}

	/**
	 * Renews the leases of replies.
	 * @param claims what this node runs
	 * @return for each reply that is still this node's, whether it is to be cancelled,
	 * and whether its lease was renewed. It was not if its row is locked. What is not
	 * among them was claimed by another node, or its session is closed or gone
	 */
	public Map<ReplyKey, Renewal> renew(Collection<ClaimedReply> claims) {
		return this.leases.execute((session) -> session.query(RENEW, (statement) -> {
			setClaims(statement, claims);
			statement.setDouble(4, this.leaseSeconds);
		}, (rows) -> {
			Map<ReplyKey, Renewal> renewals = new HashMap<>();
			while (rows.next()) {
				renewals.put(key(rows), new Renewal(rows.getBoolean("cancelled"), rows.getBoolean("renewed")));
			}
			return renewals;
		}));
	}

	/**
	 * Finds replies of this node that are to be cancelled.
	 * @return their fencing numbers
	 */
	public Map<ReplyKey, Long> findCancelled() {
		return this.leases.execute((session) -> session.query(FIND_CANCELLED,
				(statement) -> statement.setObject(1, this.nodeId), (rows) -> {
					Map<ReplyKey, Long> found = new HashMap<>();
					while (rows.next()) {
						found.put(key(rows), rows.getLong("fence"));
					}
					return found;
				}));
	}

	/**
	 * Notes that replies are to be cancelled, whichever node runs them. Those that wait
	 * may be claimed by any node at once.
	 * @param sessionId the session
	 * @param userId the user the session must belong to
	 * @param messageId the reply; null for all of the session
	 * @return whether there was one that was not cancelled before
	 */
	public boolean cancel(UUID sessionId, String userId, @Nullable UUID messageId) {
		return this.database.execute((session) -> session.update(CANCEL, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
			statement.setObject(3, messageId);
		})) > 0;
	}

	/**
	 * Gives replies back, so that any node may claim them. Removes those whose sessions
	 * are closed or gone. What another node has claimed is left alone.
	 * @param claims the replies; with true for those whose attempt counts
	 * @param pause how long those whose first attempt counts may not be claimed; twice as
	 * long after each further one, up to 64 times
	 * @return the replies that are still this node's, because their rows are locked
	 */
	public List<ReplyKey> release(Map<ClaimedReply, Boolean> claims, Duration pause) {
		List<ClaimedReply> order = List.copyOf(claims.keySet());
		return this.database.execute((session) -> session.list(RELEASE, (statement) -> {
			setClaims(statement, order);
			statement.setArray(4,
					statement.getConnection().createArrayOf("bool", order.stream().map(claims::get).toArray()));
			statement.setDouble(5, seconds(pause));
		}, JdbcReplyQueue::key));
	}

	/**
	 * Returns whether a claim has neither ended nor passed to another node, as the
	 * current transaction sees it, and its session is open.
	 * @param session the connection
	 * @param claim the claim
	 * @return whether it is this node's
	 * @throws SQLException if the statement failed
	 */
	public static boolean holds(JdbcSession session, ClaimedReply claim) throws SQLException {
		return !session.list(HOLDS, (statement) -> setClaim(statement, claim), (row) -> true).isEmpty();
	}

	/**
	 * Ends a claim in the current transaction.
	 * @param session the connection
	 * @param claim the claim
	 * @return whether it was this node's, and its session is open
	 * @throws SQLException if the statement failed
	 */
	public static boolean end(JdbcSession session, ClaimedReply claim) throws SQLException {
		return session.update(END, (statement) -> setClaim(statement, claim)) > 0;
	}

	private static void setClaim(PreparedStatement statement, ClaimedReply claim) throws SQLException {
		statement.setObject(1, claim.sessionId());
		statement.setLong(2, claim.inReplyTo());
		statement.setLong(3, claim.fence());
	}

	private static void setClaims(PreparedStatement statement, Collection<ClaimedReply> claims) throws SQLException {
		setKeys(statement, 1, claims.stream().map(ClaimedReply::key).toList());
		statement.setArray(3,
				statement.getConnection().createArrayOf("bigint", claims.stream().map(ClaimedReply::fence).toArray()));
	}

	/**
	 * Sets two parameters: the sessions, and the messages.
	 */
	static void setKeys(PreparedStatement statement, int index, Collection<ReplyKey> keys) throws SQLException {
		Connection connection = statement.getConnection();
		statement.setArray(index, connection.createArrayOf("uuid", keys.stream().map(ReplyKey::sessionId).toArray()));
		statement.setArray(index + 1,
				connection.createArrayOf("bigint", keys.stream().map(ReplyKey::inReplyTo).toArray()));
	}

	private static ReplyKey key(ResultSet rows) throws SQLException {
		return new ReplyKey(rows.getObject("session_id", UUID.class), rows.getLong("event_id"));
	}

	private static double seconds(Duration duration) {
		return duration.toMillis() / 1000.0;
	}

	/**
	 * What a claim has brought.
	 *
	 * @param replies the replies that are this node's now
	 * @param waiting how many others wait for their turn, on all nodes, as far as they
	 * were counted
	 * @param crowded users whose further messages are refused, because too many of their
	 * replies wait
	 * @param offered whether replies were left to any node, which other nodes are to know
	 * @param missed whether a reply was skipped because its row is locked
	 * @param more whether there may be more whose lease has passed
	 * @param lapsesIn when the next lease passes, if there is one
	 */
	public record Claims(List<ClaimedReply> replies, int waiting, Set<String> crowded, boolean offered, boolean missed,
			boolean more, @Nullable Duration lapsesIn) {

	}

	/**
	 * What became of the lease of a reply that is still this node's.
	 *
	 * @param cancelled whether the reply is to be cancelled
	 * @param renewed whether the lease was renewed
	 */
	public record Renewal(boolean cancelled, boolean renewed) {

	}

	/**
	 * A reply that this node has just claimed.
	 *
	 * @param sessionId its session
	 * @param inReplyTo the user message to answer
	 * @param userId the user
	 * @param messageId the message id of this attempt, a new one
	 * @param fence the number to write with
	 * @param attempts how often it was claimed, this time included
	 * @param previous message id of the last attempt that is in the log, if there is one
	 * @param cancelled whether it is to be cancelled
	 * @param trace the trace of the message; null if there is none
	 */
	public record ClaimedReply(UUID sessionId, long inReplyTo, String userId, UUID messageId, long fence, int attempts,
			@Nullable UUID previous, boolean cancelled, @Nullable String trace) {

		/**
		 * Returns what identifies the reply, whichever node runs it.
		 * @return the key
		 */
		ReplyKey key() {
			return new ReplyKey(this.sessionId, this.inReplyTo);
		}

	}

}
