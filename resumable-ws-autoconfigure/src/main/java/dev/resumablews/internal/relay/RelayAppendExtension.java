package dev.resumablews.internal.relay;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.internal.log.AppendExtension;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendRequest.Message;
import dev.resumablews.internal.log.AppendRequest.RelayEvent;
import dev.resumablews.internal.log.AppendStatement.Locking;
import dev.resumablews.internal.node.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * The parts that relays add to the append statement:
 * <ol>
 * <li>{@code relays}: locks the rows of the events' relays against concurrent claims, and
 * rejects events whose fence is not that of the last claim. An event that ends its relay
 * is also rejected if there is a client message that the relay does not know, so that no
 * message is left behind;
 * <li>{@code relay_asked}: inserts the row of a client message's relay, or records in it
 * that there is another message to forward;
 * <li>{@code relay_ended}: marks the rows of relays that have ended.
 * </ol>
 * Immutable.
 */
final class RelayAppendExtension implements AppendExtension {

	private static final String LOCKS = """
			relays as materialized (
				select w.session_id, w.name, r.fence, r.state, r.wanted_id
				from (
					select session_id, name
					from unnest(?::uuid[], ?::text[]) as k (session_id, name)
					where (select count(*) from locked) > 0
					order by session_id, name
				) w
				cross join lateral (
					select r.fence, r.state, r.wanted_id
					from ws_relays r
					where r.session_id = w.session_id and r.name = w.name
					for no key update%s
				) r
			), relays_contended as materialized (
				select distinct i.session_id
				from input i
				cross join lateral (
					select r.fence
					from ws_relays r
					where r.session_id = i.session_id and r.name = i.relay
					limit 1
				) r
				where (select count(*) from relays) < ? and (i.relay_fence is null or r.fence = i.relay_fence)
					and not exists (select from relays c where c.session_id = i.session_id and c.name = i.relay)
			)""";

	private static final String JOIN = "full join relays r on r.session_id = i.session_id and r.name = i.relay";

	private static final String CONDITION = """
			case
				when i.relay is null then true
				when i.relay_fence is null
					then not exists (select from relays_contended d where d.session_id = i.session_id)
				else coalesce(r.fence = i.relay_fence and r.state = 'running' and (i.relay_newest is null
					or r.wanted_id <= i.relay_newest and not exists (
						select from input m
						where m.session_id = i.session_id and m.relay = i.relay and m.relay_fence is null)), false)
			end""";

	private static final String CHANGES = """
			relay_asked as (
				insert into ws_relays as r (session_id, name, user_id, node_id, lease_until, wanted_id, attempted_id,
					forwarded_id, asked_bytes)
				select session_id, relay, min(user_id), ?,
					clock_timestamp() + make_interval(secs => min(relay_lease) / 1000.0), max(id), min(id) - 1, min(id) - 1,
					sum(octet_length(payload))
				from fresh
				where relay is not null and relay_fence is null
				group by session_id, relay
				on conflict (session_id, name) do update
				set wanted_id = excluded.wanted_id, asked_bytes = r.asked_bytes + excluded.asked_bytes,
					forwarded_id = case when r.wanted_id <= r.forwarded_id then excluded.forwarded_id else r.forwarded_id end,
					state = case when r.state = 'ended' then 'waiting' else r.state end,
					node_id = case when r.state = 'ended' then excluded.node_id else r.node_id end,
					lease_until = case when r.state = 'ended' then excluded.lease_until else r.lease_until end,
					updated_at = excluded.updated_at
			), relay_ended as (
				update ws_relays r
				set state = 'ended', node_id = null, updated_at = clock_timestamp(),
					forwarded_id = greatest(r.forwarded_id, f.relay_forwarded),
					forwarded_bytes = case when f.relay_forwarded >= r.wanted_id then r.asked_bytes else r.forwarded_bytes end
				from fresh f
				where f.relay_newest is not null and r.session_id = f.session_id and r.name = f.relay
			)""";

	private final UUID nodeId;

	private final Map<String, Duration> leases;

	/**
	 * Creates the extension.
	 * @param nodeId the node that has precedence in claiming new relays
	 * @param leases the duration of the precedence, by relay name
	 */
	RelayAppendExtension(NodeId nodeId, Map<String, Duration> leases) {
		this.nodeId = nodeId.value();
		this.leases = Map.copyOf(leases);
	}

	@Override
	public boolean concerns(AppendRequest request) {
		return relay(request) != null;
	}

	@Override
	public boolean changes(AppendRequest request) {
		return (request instanceof RelayEvent event) ? event.end() != null : concerns(request);
	}

	@Override
	public List<Column> columns() {
		return List.of(//
				new Column("relay", "text", RelayAppendExtension::relay),
				new Column("relay_fence", "bigint",
						(request) -> (request instanceof RelayEvent event) ? event.fence() : null),
				new Column("relay_newest", "bigint",
						(request) -> (request instanceof RelayEvent event && event.end() != null) ? event.end().newest()
								: null));
	}

	@Override
	public List<Column> changeColumns() {
		return List.of(//
				new Column("relay_forwarded", "bigint",
						(request) -> (request instanceof RelayEvent event && event.end() != null)
								? event.end().forwarded() : null),
				new Column("relay_lease", "bigint", this::lease));
	}

	@Override
	public String claimed() {
		return "relays";
	}

	@Override
	public String contended() {
		return "relays_contended";
	}

	@Override
	public String locks(Locking locking) {
		return LOCKS.formatted(locking.clause());
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
	public @Nullable String compaction() {
		return null;
	}

	@Override
	public String changes() {
		return CHANGES;
	}

	@Override
	public int setLocks(PreparedStatement statement, int index, List<AppendRequest> batch) throws SQLException {
		Set<RelayKey> keys = new LinkedHashSet<>();
		for (AppendRequest request : batch) {
			String relay = relay(request);
			if (relay != null) {
				keys.add(new RelayKey(request.sessionId(), relay));
			}
		}
		RelayTable.setKeys(statement, index, keys);
		statement.setInt(index + 2, keys.size());
		return index + 3;
	}

	@Override
	public int setChanges(PreparedStatement statement, int index) throws SQLException {
		statement.setObject(index, this.nodeId);
		return index + 1;
	}

	private static @Nullable String relay(AppendRequest request) {
		if (request instanceof RelayEvent event) {
			return event.relay();
		}
		return (request instanceof Message message && message.relayed()) ? RelayType.name(message.type()) : null;
	}

	private @Nullable Object lease(AppendRequest request) {
		String relay = (request instanceof Message) ? relay(request) : null;
		Duration lease = (relay != null) ? this.leases.get(relay) : null;
		return (lease != null) ? lease.toMillis() : null;
	}

}
