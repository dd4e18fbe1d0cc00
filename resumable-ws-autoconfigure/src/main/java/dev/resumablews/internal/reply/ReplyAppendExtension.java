package dev.resumablews.internal.reply;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.internal.log.AppendExtension;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendRequest.Message;
import dev.resumablews.internal.log.AppendRequest.ReplyEvent;
import dev.resumablews.internal.log.AppendRequest.Role;
import dev.resumablews.internal.log.AppendStatement.Locking;
import dev.resumablews.internal.node.NodeId;

/**
 * The contribution of replies to the append statement:
 * <ol>
 * <li>{@code claimed}: locks the rows of the replies against further claims, and rejects
 * events with a different fence than that of the last claim;
 * <li>{@code compacted}: deletes the deltas that an event replaces. If a table was empty
 * when it was last analyzed, the planner assumes that a full scan is free. Therefore
 * deltas are only searched if an event replaces any, and between two ids, for which the
 * planner expects few rows;
 * <li>{@code requested}, {@code started}, {@code ended}: insert the rows of requested
 * replies, update the rows of started attempts to the attempt's message id, and delete
 * the rows of ended replies. The message id of a row is therefore that of the last
 * attempt in the log, regardless of later claims that stored nothing. Each row is changed
 * only once: if its attempt starts and ends in the same batch, it is only deleted.
 * </ol>
 * Immutable.
 */
public final class ReplyAppendExtension implements AppendExtension {

	private static final String LOCKS = """
			claimed as materialized (
				select w.session_id, w.event_id, r.fence
				from (
					select session_id, event_id
					from unnest(?::uuid[], ?::bigint[]) as k (session_id, event_id)
					where (select count(*) from locked) > 0
					order by session_id, event_id
				) w
				cross join lateral (
					select r.fence
					from ws_replies r
					where r.session_id = w.session_id and r.event_id = w.event_id
					for share%s
				) r
			)""";

	private static final String CONTENDED = """
			, contended as materialized (
				select distinct i.session_id
				from input i
				cross join lateral (
					select r.fence
					from ws_replies r
					where r.session_id = i.session_id and r.event_id = i.reply_to
					limit 1
				) r
				where i.fence = r.fence
					and not exists (
						select from claimed c where c.session_id = i.session_id and c.event_id = i.reply_to)
			)""";

	private static final String JOIN = "full join claimed c on c.session_id = i.session_id and c.event_id = i.reply_to";

	private static final String CONDITION = "coalesce(i.fence is null or i.fence = c.fence, false)";

	private static final String COMPACTION = """
			compacted as (
				delete from ws_events e
				using fresh f
				where (select count(*) from fresh where replaces is not null) > 0
					and f.replaces is not null and e.session_id = f.session_id and e.id > f.reply_to and e.id < f.id
					and e.message_id = f.replaces and e.type = 'assistant_delta'
				returning e.session_id, coalesce(e.payload_bytes, octet_length(e.payload::text)) as bytes
			)""";

	private static final String CHANGES = """
			requested as (
				insert into ws_replies (session_id, event_id, user_id, node_id, lease_until, trace)
				select session_id, id, user_id, ?, clock_timestamp() + make_interval(secs => ?), trace
				from fresh
				where requests_reply
			), started as (
				update ws_replies r
				set message_id = b.message_id
				from (
					select session_id, reply_to,
						(array_agg(message_id) filter (where type = 'assistant_started'))[1] as message_id
					from fresh
					where reply_to is not null and (type = 'assistant_started' or ends)
					group by session_id, reply_to
					having not coalesce(bool_or(ends), false)
				) b
				where r.session_id = b.session_id and r.event_id = b.reply_to
			), ended as (
				delete from ws_replies r
				using fresh f
				where f.ends and r.session_id = f.session_id and r.event_id = f.reply_to
			)""";

	private final UUID nodeId;

	private final double leaseSeconds;

	/**
	 * Creates the extension.
	 * @param nodeId the node that may claim new replies first
	 * @param lease time during which only that node may claim them
	 */
	public ReplyAppendExtension(NodeId nodeId, Duration lease) {
		this.nodeId = nodeId.value();
		this.leaseSeconds = lease.toMillis() / 1000.0;
	}

	@Override
	public boolean concerns(AppendRequest request) {
		return request instanceof ReplyEvent || (request instanceof Message message && message.answered());
	}

	@Override
	public boolean changes(AppendRequest request) {
		return (request instanceof ReplyEvent event)
				? event.role() == Role.END || event.replaces() != null || event.type().equals(ReplyEvents.STARTED)
				: concerns(request);
	}

	@Override
	public List<Column> columns() {
		return List.of(//
				new Column("reply_to", "bigint",
						(request) -> (request instanceof ReplyEvent event) ? event.inReplyTo() : null),
				new Column("fence", "bigint",
						(request) -> (request instanceof ReplyEvent event) ? event.fence() : null));
	}

	@Override
	public List<Column> changeColumns() {
		return List.of(//
				new Column("replaces", "uuid",
						(request) -> (request instanceof ReplyEvent event) ? event.replaces() : null),
				new Column("ends", "bool",
						(request) -> (request instanceof ReplyEvent event && event.role() == Role.END) ? true : null),
				new Column("requests_reply", "bool",
						(request) -> (request instanceof Message message && message.answered()) ? true : null),
				new Column("trace", "text",
						(request) -> (request instanceof Message message) ? message.trace() : null));
	}

	@Override
	public String claimed() {
		return "claimed";
	}

	@Override
	public String contended() {
		return "contended";
	}

	@Override
	public String locks(Locking locking) {
		return LOCKS.formatted(locking.clause()) + ((locking == Locking.SKIP_AND_REPORT) ? CONTENDED : "");
	}

	@Override
	public String join() {
		return JOIN;
	}

	@Override
	public String condition() {
		return CONDITION;
	}

	@Override
	public String compaction() {
		return COMPACTION;
	}

	@Override
	public String changes() {
		return CHANGES;
	}

	@Override
	public int setLocks(PreparedStatement statement, int index, List<AppendRequest> batch) throws SQLException {
		Map<List<Object>, ReplyEvent> replies = new LinkedHashMap<>();
		for (AppendRequest request : batch) {
			if (request instanceof ReplyEvent event) {
				replies.putIfAbsent(List.of(event.sessionId(), event.inReplyTo()), event);
			}
		}
		Connection connection = statement.getConnection();
		statement.setArray(index, connection.createArrayOf("uuid",
				replies.values().stream().map(ReplyEvent::sessionId).toArray(UUID[]::new)));
		statement.setArray(index + 1, connection.createArrayOf("bigint",
				replies.values().stream().map(ReplyEvent::inReplyTo).toArray(Long[]::new)));
		return index + 2;
	}

	@Override
	public int setChanges(PreparedStatement statement, int index) throws SQLException {
		statement.setObject(index, this.nodeId);
		statement.setDouble(index + 1, this.leaseSeconds);
		return index + 2;
	}

}
