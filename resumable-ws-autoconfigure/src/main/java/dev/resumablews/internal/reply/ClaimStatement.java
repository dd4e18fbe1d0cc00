package dev.resumablews.internal.reply;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.internal.reply.JdbcReplyQueue.Claims;

/**
 * The statement that claims replies:
 * <ol>
 * <li>{@code targets} are replies to claim by key, and the next ones of sessions and
 * users whose previous reply has just ended; {@code lapsed} are the oldest replies whose
 * lease has expired, and {@code cancelled} those of them that need no room;
 * <li>{@code locked} locks those that may be claimed and that no other statement has
 * locked, in order. Targets also include waiting replies, and replies that name this node
 * although it does not hold them, because the response to their claim was lost;
 * <li>{@code judged} determines whether their sessions are open and whether an earlier
 * reply must end first; {@code turns} alternates between users, and blocks users who have
 * reached the limit of running replies; {@code ranked} orders the remaining ones;
 * <li>each reply is either removed because its session is closed, claimed, offered to any
 * node because there is no room, or postponed because it is not its turn.
 * </ol>
 * Fencing numbers grow by random steps, so that a claim lost in a failover does not have
 * the number of a later one. Safe for use by many threads.
 */
final class ClaimStatement {

	/**
	 * Minimum number of rows with an expired lease that one statement considers.
	 */
	private static final int LOOK = 100;

	private static final String SQL = """
			with held as materialized (
				select session_id, event_id from unnest(?::uuid[], ?::bigint[]) as h (session_id, event_id)
			), targets as materialized (
				select session_id, event_id
				from unnest(?::uuid[], ?::bigint[]) as t (session_id, event_id)
				union
				select t.session_id, n.event_id
				from unnest(?::uuid[]) as t (session_id)
				cross join lateral (
					select r.event_id
					from ws_replies r
					where r.session_id = t.session_id
					order by r.event_id
					limit 1
				) n
				union
				select n.session_id, n.event_id
				from unnest(?::uuid[]) as t (session_id)
				join ws_sessions s on s.session_id = t.session_id
				cross join lateral (
					select r.session_id, r.event_id
					from ws_replies r
					where r.user_id = s.user_id and r.state = 'waiting'
					order by r.created_at
					limit 1
				) n
			), lapsed as materialized (
				select session_id, event_id
				from ws_replies
				where lease_until <= statement_timestamp()
				order by lease_until
				limit ?
			), cancelled as materialized (
				select session_id, event_id
				from ws_replies
				where cancelled_at is not null and lease_until <= statement_timestamp()
				limit ?
			), candidates as materialized (
				select c.session_id, c.event_id, bool_or(c.targeted) as targeted
				from (
					select session_id, event_id, true as targeted from targets
					union all
					select session_id, event_id, false from lapsed
					union all
					select session_id, event_id, false from cancelled
				) c
				where not exists (
					select from held h where h.session_id = c.session_id and h.event_id = c.event_id)
				group by c.session_id, c.event_id
				order by c.session_id, c.event_id
			), locked as materialized (
				select c.session_id, c.event_id, r.created_at, r.state = 'waiting' as waited,
					r.lease_until <= statement_timestamp() as lapsed, r.cancelled_at is not null as cancelled
				from candidates c
				cross join lateral (
					select r.created_at, r.state, r.lease_until, r.cancelled_at
					from ws_replies r
					where r.session_id = c.session_id and r.event_id = c.event_id
						and (r.lease_until <= statement_timestamp()
							or c.targeted and (r.state = 'waiting' or r.node_id = ?))
					for update skip locked
				) r
			), missed as materialized (
				select c.session_id
				from candidates c
				cross join lateral (
					select from ws_replies r
					where r.session_id = c.session_id and r.event_id = c.event_id
						and (r.lease_until <= statement_timestamp()
							or c.targeted and (r.state = 'waiting' or r.node_id = ?))
					limit 1
				) r
				where not exists (
					select from locked l where l.session_id = c.session_id and l.event_id = c.event_id)
			), judged as materialized (
				select l.*, s.user_id, s.user_id is null as orphaned,
					? and exists (
						select from ws_replies e
						where e.session_id = l.session_id and e.event_id < l.event_id) as early
				from locked l
				left join lateral (
					select s.user_id
					from ws_sessions s
					where s.session_id = l.session_id and coalesce(s.closed_at is null, false)
					limit 1
				) s on true
			), running as materialized (
				select u.user_id, n.running
				from (select distinct user_id from judged where not orphaned and not early) u
				cross join lateral (
					select count(*) as running
					from (select from ws_replies r
						where r.user_id = u.user_id and r.state = 'running' and r.lease_until > statement_timestamp()
						limit ?) r
				) n
			), turns as materialized (
				select j.*, coalesce(n.running, 0) + row_number() over (
					partition by j.user_id, orphaned, cancelled, early order by created_at, session_id, event_id) as turn
				from judged j
				left join running n on n.user_id = j.user_id
			), ranked as materialized (
				select t.*, early or turn > ? as blocked, row_number() over (
					partition by orphaned, cancelled, early or turn > ? order by turn, created_at, session_id, event_id) as place
				from turns t
			), removed as (
				delete from ws_replies r
				using ranked k
				where k.orphaned and r.session_id = k.session_id and r.event_id = k.event_id
			), claimed as (
				update ws_replies r
				set state = 'running', node_id = ?,
					fence = r.fence + 1 + floor(random() * 1000000000)::bigint,
					attempts = r.attempts + 1, lease_until = statement_timestamp() + make_interval(secs => ?),
					updated_at = statement_timestamp()
				from ranked k
				where not k.orphaned and (k.cancelled or not k.blocked and k.place <= ?)
					and r.session_id = k.session_id and r.event_id = k.event_id
				returning r.session_id, r.event_id, k.user_id, r.fence, r.attempts, r.message_id as previous,
					r.trace, k.cancelled, k.waited
			), offered as (
				update ws_replies r
				set node_id = null, lease_until = statement_timestamp(), updated_at = statement_timestamp()
				from ranked k
				where not k.orphaned and not k.cancelled and not k.blocked and k.place > ? and not k.lapsed
					and r.session_id = k.session_id and r.event_id = k.event_id
				returning 1
			), postponed as (
				update ws_replies r
				set node_id = null, lease_until = statement_timestamp() + make_interval(secs => ?),
					updated_at = statement_timestamp()
				from ranked k
				where not k.orphaned and not k.cancelled and k.blocked and k.lapsed
					and r.session_id = k.session_id and r.event_id = k.event_id
				returning 1
			), waiting_users as materialized (
				select w.user_id, w.waiting - coalesce(c.started, 0) as waiting
				from (
					select user_id, count(*) as waiting
					from (select user_id from ws_replies where state = 'waiting' limit ?) w
					group by user_id
				) w
				left join (select user_id, count(*) as started from claimed where waited group by user_id) c
					on c.user_id = w.user_id
			), summary as (
				select (select coalesce(sum(waiting), 0) from waiting_users) as waiting,
					(select array_agg(user_id) from waiting_users
						where user_id is not null and waiting > 0
							and waiting >= case when (select sum(waiting) from waiting_users) > ? then 1 else ? end) as over_limit,
					(select count(*) from offered) as offered,
					(select count(*) from lapsed) as lapsed,
					(select count(*) from missed) as missed,
					(select extract(epoch from lease_until - statement_timestamp())::float8
						from ws_replies
						where lease_until > statement_timestamp()
						order by lease_until
						limit 1) as lapses_in,
					(select count(*) from postponed) as postponed
			)
			select * from summary left join claimed on true order by session_id, event_id
			""";

	private final UUID nodeId;

	private final double leaseSeconds;

	ClaimStatement(UUID nodeId, double leaseSeconds) {
		this.nodeId = nodeId;
		this.leaseSeconds = leaseSeconds;
	}

	Claims execute(JdbcSession session, ClaimRequest request) throws SQLException {
		int look = !request.look() ? 0 : Math.max(request.room(), LOOK);
		return session.query(SQL, (statement) -> {
			JdbcReplyQueue.setKeys(statement, 1, request.held());
			JdbcReplyQueue.setKeys(statement, 3, request.stored());
			Array sessions = statement.getConnection().createArrayOf("uuid", request.sessions().toArray());
			statement.setArray(5, sessions);
			statement.setArray(6, sessions);
			statement.setInt(7, (request.room() > 0) ? look : 0);
			statement.setInt(8, look);
			statement.setObject(9, this.nodeId);
			statement.setObject(10, this.nodeId);
			statement.setBoolean(11, request.oneAtATime());
			statement.setInt(12, request.limits().runningPerUser());
			statement.setInt(13, request.limits().runningPerUser());
			statement.setInt(14, request.limits().runningPerUser());
			statement.setObject(15, this.nodeId);
			statement.setDouble(16, this.leaseSeconds);
			statement.setInt(17, request.room());
			statement.setInt(18, request.room());
			statement.setDouble(19, this.leaseSeconds);
			statement.setInt(20, request.limits().mostWaiting() + 1);
			statement.setInt(21, request.limits().waiting());
			statement.setInt(22, request.limits().waitingPerUser());
		}, (rows) -> claims(rows, look));
	}

	/**
	 * Reads the summary from any row. Without a claim, there is one row with the summary
	 * only.
	 */
	private static Claims claims(ResultSet rows, int look) throws SQLException {
		List<ClaimedReply> claimed = new ArrayList<>();
		int waiting = 0;
		boolean offered = false;
		boolean missed = false;
		boolean more = false;
		Duration lapsesIn = null;
		Set<String> usersOverLimit = Set.of();
		while (rows.next()) {
			waiting = rows.getInt("waiting");
			Array users = rows.getArray("over_limit");
			usersOverLimit = (users != null) ? Set.of((String[]) users.getArray()) : Set.of();
			offered = rows.getInt("offered") > 0;
			missed = rows.getInt("missed") > 0;
			more = look > 0 && rows.getInt("lapsed") >= look && rows.getInt("postponed") > 0;
			double seconds = rows.getDouble("lapses_in");
			lapsesIn = rows.wasNull() ? null : Duration.ofNanos((long) (seconds * 1e9));
			UUID sessionId = rows.getObject("session_id", UUID.class);
			if (sessionId != null) {
				claimed.add(new ClaimedReply(sessionId, rows.getLong("event_id"), rows.getString("user_id"),
						UUID.randomUUID(), rows.getLong("fence"), rows.getInt("attempts"),
						rows.getObject("previous", UUID.class), rows.getBoolean("cancelled"), rows.getString("trace")));
			}
		}
		return new Claims(claimed, waiting, usersOverLimit, offered, missed, more, lapsesIn);
	}

}
