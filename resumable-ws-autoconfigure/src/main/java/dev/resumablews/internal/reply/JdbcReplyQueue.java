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
 * The queue of replies in Postgres. Every reply that has not ended has a row. The node
 * with the last claim holds a lease, which it renews, and a fencing number, which is
 * required to write events of the reply. After the lease has expired, any node may claim
 * the reply.
 * <ol>
 * <li>A lease belongs to a reply, identified by session, message and fencing number, and
 * not to all rows that name a node: leases that a node does not renew expire.
 * <li>Every statement may be repeated. If its response is lost, its effect is found by
 * the next statement or ends with the lease.
 * <li>No statement waits for a row, except {@link #cancel}. Locked rows are skipped and
 * reported.
 * <li>Each statement reads rows by key, and a bounded number of rows whose lease has
 * expired. No statement reads the whole table.
 * </ol>
 * Uses the database's clock. Safe for use by many threads. Methods block until Postgres
 * answers, and throw {@link dev.resumablews.EventLogUnavailableException} if it does not.
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
				select r.session_id, r.event_id, h.attempted, s.session_id is null as orphaned
				from held h
				join ws_replies r on r.session_id = h.session_id and r.event_id = h.event_id
					and r.fence = h.fence and r.state = 'running'
				left join ws_sessions s on s.session_id = r.session_id and s.closed_at is null
				order by r.session_id, r.event_id
				for update of r skip locked
			), removed as (
				delete from ws_replies r
				using locked l
				where l.orphaned and r.session_id = l.session_id and r.event_id = l.event_id
			), released as (
				update ws_replies r
				set state = 'waiting', node_id = null, updated_at = statement_timestamp(),
					attempts = case when l.attempted then r.attempts else greatest(r.attempts - 1, 0) end,
					lease_until = statement_timestamp()
						+ case when l.attempted then make_interval(secs => ? * power(2, least(r.attempts, 7) - 1)) else interval '0' end
				from locked l
				where not l.orphaned and r.session_id = l.session_id and r.event_id = l.event_id
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
	 * Locks the session first, like all other code that locks both.
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
	 * Runs the statements for leases on a reserved connection.
	 */
	private final JdbcExecutor leases;

	private final ClaimStatement claim;

	private final UUID nodeId;

	private final double leaseSeconds;

	/**
	 * Creates a queue.
	 * @param database runs the statements
	 * @param nodeId the id of this node
	 * @param lease duration of a claim that is not renewed
	 */
	public JdbcReplyQueue(JdbcExecutor database, NodeId nodeId, Duration lease) {
		this.database = database;
		this.leases = database.reserved();
		this.nodeId = nodeId.value();
		this.leaseSeconds = seconds(lease);
		this.claim = new ClaimStatement(nodeId.value(), this.leaseSeconds);
	}

	/**
	 * Claims replies, the oldest first, while alternating between users. Replies that
	 * wait for this node although it has no room are offered to any node. Of the replies
	 * with an expired lease, those whose turn has not come are postponed by a lease, and
	 * those whose session is closed or missing are removed.
	 * @param request the replies to claim
	 * @return the claimed replies, and the state of the queue
	 */
	public Claims claim(ClaimRequest request) {
		return this.database.execute((session) -> this.claim.execute(session, request));
	}

	/**
	 * Renews the leases of replies.
	 * @param claims the replies that this node runs
	 * @return for each reply that this node still owns, whether it was cancelled and
	 * whether its lease was renewed; it was not if its row is locked. A missing reply was
	 * claimed by another node, or its session is closed or missing
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
	 * Finds cancelled replies of this node.
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
	 * Marks replies as cancelled, on whichever node they run. Waiting replies may then be
	 * claimed immediately by any node.
	 * @param sessionId the session
	 * @param userId the user who must own the session
	 * @param messageId the reply; null for all replies of the session
	 * @return whether any reply was marked
	 */
	public boolean cancel(UUID sessionId, String userId, @Nullable UUID messageId) {
		return this.database.execute((session) -> session.update(CANCEL, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
			statement.setObject(3, messageId);
		})) > 0;
	}

	/**
	 * Gives replies back, so that any node may claim them. Removes those whose session is
	 * closed or missing. Does not change replies that another node has claimed.
	 * @param claims the replies, each with true if its attempt counts
	 * @param pause time before a reply may be claimed again after its first counted
	 * attempt; doubled after each further one, up to 64 times
	 * @return the replies that this node still owns, because their rows are locked
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
	 * Returns whether a claim is valid in the current transaction: it has not ended, was
	 * not taken over by another node, and its session is open.
	 * @param session the connection
	 * @param claim the claim
	 * @return whether the claim is valid
	 * @throws SQLException if the statement failed
	 */
	public static boolean holds(JdbcSession session, ClaimedReply claim) throws SQLException {
		return !session.list(HOLDS, (statement) -> setClaim(statement, claim), (row) -> true).isEmpty();
	}

	/**
	 * Ends a claim in the current transaction.
	 * @param session the connection
	 * @param claim the claim
	 * @return whether the claim was valid and its session is open
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
	 * Sets two parameters: the session ids and the message ids.
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
	 * The result of a claim request.
	 *
	 * @param replies the claimed replies
	 * @param waiting number of other waiting replies on all nodes, counted up to a limit
	 * @param usersOverLimit users whose further messages are rejected, because too many
	 * of their replies are waiting
	 * @param offered whether replies were offered to any node, so that other nodes must
	 * be notified
	 * @param missed whether a reply was skipped because its row is locked
	 * @param more whether there may be more replies with an expired lease
	 * @param lapsesIn time until the next lease expires; null if there is none
	 */
	public record Claims(List<ClaimedReply> replies, int waiting, Set<String> usersOverLimit, boolean offered,
			boolean missed, boolean more, @Nullable Duration lapsesIn) {

	}

	/**
	 * The lease of a reply that this node still owns.
	 *
	 * @param cancelled whether the reply was cancelled
	 * @param renewed whether the lease was renewed
	 */
	public record Renewal(boolean cancelled, boolean renewed) {

	}

	/**
	 * A reply that this node has claimed.
	 *
	 * @param sessionId its session
	 * @param inReplyTo the user message to answer
	 * @param userId the user
	 * @param messageId the new message id of this attempt
	 * @param fence the fencing number
	 * @param attempts number of claims, including this one
	 * @param previous message id of the last attempt in the log; null if there is none
	 * @param cancelled whether it was cancelled
	 * @param trace the trace of the message; null if there is none
	 */
	public record ClaimedReply(UUID sessionId, long inReplyTo, String userId, UUID messageId, long fence, int attempts,
			@Nullable UUID previous, boolean cancelled, @Nullable String trace) {

		/**
		 * Returns the key of the reply, which is independent of the claim.
		 * @return the key
		 */
		ReplyKey key() {
			return new ReplyKey(this.sessionId, this.inReplyTo);
		}

	}

}
