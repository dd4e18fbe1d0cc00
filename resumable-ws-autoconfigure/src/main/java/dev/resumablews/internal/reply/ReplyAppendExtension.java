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
import dev.resumablews.internal.node.NodeId;

/**
 * What replies add to the append statement:
 * <ol>
 * <li>{@code claimed}: the rows of the replies that events belong to are locked against
 * those who would claim them, and events with another fence than that of the last claim
 * are refused;
 * <li>{@code compacted}: the deltas that an event replaces are deleted. Of a table that
 * was empty when the planner last looked, it assumes that reading all of it costs
 * nothing. So deltas are not looked for unless an event replaces some, and then between
 * two ids, which it takes for few;
 * <li>{@code asked}, {@code begun}, {@code ended}: the rows of replies that a message
 * asks for are inserted, those of attempts that have begun get the attempt's message id,
 * and those of replies that have ended are deleted. So the message id of a row is that of
 * the attempt which is in the log, however many claims came to nothing since. A row is
 * changed once: one whose attempt begins and ends in the same batch is deleted only.
 * </ol>
 * Immutable.
 */
public final class ReplyAppendExtension implements AppendExtension {

	private static final String LOCKS = """
			claimed as materialized (
				select r.session_id, r.event_id, r.fence
				from unnest(?::uuid[], ?::bigint[]) as w (session_id, event_id)
				join ws_replies r on r.session_id = w.session_id and r.event_id = w.event_id
				where (select count(*) from locked) > 0
				order by r.session_id, r.event_id
				for share of r%s
			), contended as materialized (
				select distinct i.session_id
				from input i
				join ws_replies r on r.session_id = i.session_id and r.event_id = i.reply_to and r.fence = i.fence
				where (select count(*) from claimed) < ? and i.fence is not null
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
			asked as (
				insert into ws_replies (session_id, event_id, user_id, node_id, lease_until, trace)
				select session_id, id, user_id, ?, clock_timestamp() + make_interval(secs => ?), trace
				from fresh
				where asks
			), begun as (
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
	 * @param nodeId the node that replies wait for first
	 * @param lease how long they wait for it
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
	public List<Column> columns() {
		return List.of(//
				new Column("reply_to", "bigint",
						(request) -> (request instanceof ReplyEvent event) ? event.inReplyTo() : null),
				new Column("fence", "bigint",
						(request) -> (request instanceof ReplyEvent event) ? event.fence() : null),
				new Column("replaces", "uuid",
						(request) -> (request instanceof ReplyEvent event) ? event.replaces() : null),
				new Column("ends", "bool",
						(request) -> (request instanceof ReplyEvent event && event.role() == Role.END) ? true : null),
				new Column("asks", "bool",
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
	public String locks(boolean skipLocked) {
		return LOCKS.formatted(skipLocked ? " skip locked" : "");
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
		statement.setInt(index + 2, replies.size());
		return index + 3;
	}

	@Override
	public int setChanges(PreparedStatement statement, int index) throws SQLException {
		statement.setObject(index, this.nodeId);
		statement.setDouble(index + 1, this.leaseSeconds);
		return index + 2;
	}

}
