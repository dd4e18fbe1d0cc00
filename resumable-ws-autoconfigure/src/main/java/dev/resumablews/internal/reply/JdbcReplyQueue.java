package dev.resumablews.internal.reply;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * Which node runs which reply. A reply that has not ended has a row; the node that
 * claimed it last holds a lease, which it extends, and a fencing number, without which
 * nothing is written for the reply. When the lease has passed, whoever comes first may
 * claim the reply. All by the clock of the database. Safe for use by many threads; the
 * methods block until Postgres answers, and throw
 * {@link dev.resumablews.EventLogUnavailableException} when it does not.
 */
public final class JdbcReplyQueue {

	private static final int CANCELLED_AT_ONCE = 100;

	private final JdbcExecutor database;

	private final UUID nodeId;

	private final double leaseSeconds;

	public JdbcReplyQueue(JdbcExecutor database, NodeId nodeId, Duration lease) {
		this.database = database;
		this.nodeId = nodeId.value();
		this.leaseSeconds = lease.toMillis() / 1000.0;
	}

	/**
	 * Claims replies that wait for this node, and those whose lease has passed, the
	 * oldest first. Replies of sessions that are closed or gone are forgotten.
	 * @param room how many to claim at most; when there is none, those that are to be
	 * cancelled are claimed all the same
	 * @param oneAtATime whether a reply waits until the replies to all earlier messages
	 * of its session have ended
	 * @return the replies, and how many others wait. Their fencing numbers grow by
	 * chance, so that a claim which a failover has lost does not hold the number of a
	 * later one
	 */
	public Claims claim(int room, boolean oneAtATime) {
		String sql = this.database
			.sql("""
					with closed as materialized (
						select r.session_id, r.event_id
						from ws_replies r
						where not exists (
							select from ws_sessions s where s.session_id = r.session_id and s.closed_at is null)
						for update skip locked
					), gone as (
						delete from ws_replies r
						using closed c
						where r.session_id = c.session_id and r.event_id = c.event_id
					), free as materialized (
						select r.session_id, r.event_id, r.message_id as previous, s.user_id
						from ws_replies r
						join ws_sessions s on s.session_id = r.session_id and s.closed_at is null
						where (r.lease_until is null or r.lease_until < clock_timestamp()
								or (r.node_id = ? and r.state = 'waiting'))
							and (not ? or not exists (
								select from ws_replies e where e.session_id = r.session_id and e.event_id < r.event_id))
							and (? or r.cancelled_at is not null)
						order by r.created_at
						limit ?
						for update of r skip locked
					), claimed as (
						update ws_replies r
						set state = 'running', node_id = ?, message_id = gen_random_uuid(), fence = r.fence + 1 + floor(random() * 1000000000)::bigint,
							attempts = r.attempts + 1, lease_until = clock_timestamp() + make_interval(secs => ?),
							updated_at = clock_timestamp()
						from free f
						where r.session_id = f.session_id and r.event_id = f.event_id
						returning r.session_id, r.event_id, f.user_id, r.message_id, r.fence, r.attempts, f.previous,
							r.cancelled_at is not null as cancelled
					), waiting as (
						select count(*) as waiting
						from ws_replies r
						where r.state = 'waiting'
							and not exists (
								select from closed c where c.session_id = r.session_id and c.event_id = r.event_id)
							and not exists (
								select from free f where f.session_id = r.session_id and f.event_id = r.event_id)
					)
					select * from waiting left join claimed on true order by session_id, event_id
					""");
		return this.database.call((connection) -> {
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setObject(1, this.nodeId);
				statement.setBoolean(2, oneAtATime);
				statement.setBoolean(3, room > 0);
				statement.setInt(4, (room > 0) ? room : CANCELLED_AT_ONCE);
				statement.setObject(5, this.nodeId);
				statement.setDouble(6, this.leaseSeconds);
				try (ResultSet rows = statement.executeQuery()) {
					return claims(rows);
				}
			}
		});
	}

	/**
	 * Reads how many replies wait from any row; without a claim, there is one that says
	 * nothing else.
	 */
	private static Claims claims(ResultSet rows) throws SQLException {
		List<ClaimedReply> claimed = new ArrayList<>();
		int waiting = 0;
		while (rows.next()) {
			waiting = rows.getInt("waiting");
			UUID sessionId = rows.getObject("session_id", UUID.class);
			if (sessionId != null) {
				claimed.add(new ClaimedReply(sessionId, rows.getLong("event_id"), rows.getString("user_id"),
						rows.getObject("message_id", UUID.class), rows.getLong("fence"), rows.getInt("attempts"),
						rows.getObject("previous", UUID.class), rows.getBoolean("cancelled")));
			}
		}
		return new Claims(claimed, waiting);
	}

	/**
	 * Extends the leases of the replies that this node runs, in one statement, and notes
	 * that the node is alive.
	 * @param running their message ids
	 * @return the replies that are this node's still
	 */
	public List<HeldReply> extend(Collection<UUID> running) {
		String sql = this.database.sql("""
				with alive as (
					insert into ws_nodes (node_id) values (?)
					on conflict (node_id) do update set last_seen_at = clock_timestamp()
				), long_gone as (
					delete from ws_nodes where last_seen_at < clock_timestamp() - interval '1 day'
				), mine as materialized (
					select session_id, event_id
					from ws_replies
					where node_id = ? and state = 'running' and message_id = any (?)
					order by session_id, event_id
					for no key update
				), extended as (
					update ws_replies r
					set lease_until = clock_timestamp() + make_interval(secs => ?), updated_at = clock_timestamp()
					from mine m
					where r.session_id = m.session_id and r.event_id = m.event_id
					returning r.message_id, r.cancelled_at is not null as cancelled
				)
				select message_id, cancelled from extended
				""");
		return this.database.call((connection) -> {
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setObject(1, this.nodeId);
				statement.setObject(2, this.nodeId);
				statement.setArray(3, connection.createArrayOf("uuid", running.toArray()));
				statement.setDouble(4, this.leaseSeconds);
				List<HeldReply> held = new ArrayList<>();
				try (ResultSet rows = statement.executeQuery()) {
					while (rows.next()) {
						held.add(new HeldReply(rows.getObject("message_id", UUID.class), rows.getBoolean("cancelled")));
					}
				}
				return held;
			}
		});
	}

	/**
	 * Notes that replies are to be cancelled, whichever node runs them.
	 * @param sessionId the session
	 * @param userId the user the session must belong to
	 * @param messageId the reply; null for all of the session
	 * @return whether there was one that was not cancelled before
	 */
	public boolean cancel(UUID sessionId, String userId, @Nullable UUID messageId) {
		String sql = this.database.sql("""
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
				set cancelled_at = clock_timestamp(), updated_at = clock_timestamp()
				from wanted w
				where r.session_id = w.session_id and r.event_id = w.event_id
				""");
		return this.database.call((connection) -> {
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setObject(1, sessionId);
				statement.setString(2, userId);
				statement.setObject(3, messageId);
				return statement.executeUpdate() > 0;
			}
		});
	}

	/**
	 * Gives up all replies of this node, so that another one may claim them at once.
	 * Those that ran count as not attempted.
	 */
	public void release() {
		String sql = this.database.sql("""
				with gone as (
					delete from ws_nodes where node_id = ?
				), mine as materialized (
					select session_id, event_id
					from ws_replies
					where node_id = ?
					order by session_id, event_id
					for no key update
				)
				update ws_replies r
				set node_id = null, lease_until = null, updated_at = clock_timestamp(),
					attempts = case when state = 'running' then attempts - 1 else attempts end, state = 'waiting'
				from mine m
				where r.session_id = m.session_id and r.event_id = m.event_id
				""");
		this.database.call((connection) -> {
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setObject(1, this.nodeId);
				statement.setObject(2, this.nodeId);
				return statement.executeUpdate();
			}
		});
	}

	/**
	 * Returns whether there is another node that could claim replies.
	 * @return whether one was alive within the last lease
	 */
	public boolean hasPeers() {
		String sql = this.database.sql("""
				select count(*) from ws_nodes
				where node_id <> ? and last_seen_at > clock_timestamp() - make_interval(secs => ?)
				""");
		return this.database.call((connection) -> {
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setObject(1, this.nodeId);
				statement.setDouble(2, this.leaseSeconds);
				try (ResultSet rows = statement.executeQuery()) {
					rows.next();
					return rows.getInt(1) > 0;
				}
			}
		});
	}

	/**
	 * What a claim has brought.
	 *
	 * @param replies the replies that are this node's now
	 * @param waiting how many others wait for their turn, on all nodes
	 */
	public record Claims(List<ClaimedReply> replies, int waiting) {

	}

	/**
	 * A reply that this node runs.
	 *
	 * @param messageId its message id
	 * @param cancelled whether it is to be cancelled
	 */
	public record HeldReply(UUID messageId, boolean cancelled) {

	}

	/**
	 * A reply that this node has just claimed.
	 *
	 * @param sessionId its session
	 * @param inReplyTo the user message to answer
	 * @param userId the user
	 * @param messageId its message id, a new one
	 * @param fence the number to write with
	 * @param attempts how often it was claimed, this time included
	 * @param previous message id of the attempt before, if there was one
	 * @param cancelled whether it is to be cancelled
	 */
	public record ClaimedReply(UUID sessionId, long inReplyTo, String userId, UUID messageId, long fence, int attempts,
			@Nullable UUID previous, boolean cancelled) {

	}

}
