package dev.resumablews.internal.presence;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.node.NodeNotifier.ConnectionsListener;
import dev.resumablews.internal.node.OtherNodes;

/**
 * Finds the connections of sessions to other nodes, and notifies those nodes of changes
 * on this one. Safe for use by many threads.
 */
public final class RemoteConnections {

	private final ConnectionTable table;

	private final NodeNotifier notifier;

	private final OtherNodes others;

	/**
	 * Creates the service.
	 * @param table the connections of all nodes
	 * @param notifier notifies the other nodes
	 * @param others whether other nodes have clients
	 */
	public RemoteConnections(ConnectionTable table, NodeNotifier notifier, OtherNodes others) {
		this.table = table;
		this.notifier = notifier;
		this.others = others;
	}

	/**
	 * Returns the connections of sessions to other nodes. Blocks until Postgres answers.
	 * @param sessionIds the sessions
	 * @param limit maximum number of connections per session
	 * @return users by connection, by session
	 * @throws dev.resumablews.EventLogUnavailableException if Postgres does not answer
	 */
	public Map<UUID, Map<UUID, String>> find(Collection<UUID> sessionIds, int limit) {
		return this.table.elsewhere(sessionIds, limit);
	}

	/**
	 * Adds a listener for changes on other nodes.
	 * @param listener receives the changes; must return quickly and must not throw
	 */
	public void onChanged(ConnectionsListener listener) {
		this.notifier.onConnectionsChanged(listener);
	}

	/**
	 * Returns the interval at which to read connections without a signal. Signals can be
	 * lost, and the connections of a killed node expire without one.
	 * @return the interval
	 */
	public Duration backstop() {
		return this.notifier.backstop();
	}

	/**
	 * Returns a mark to pass to {@link #written}. Call this before the connections are
	 * written.
	 * @return the mark
	 */
	long mark() {
		return this.others.mark();
	}

	/**
	 * Notifies the other nodes of connections that were written. The first ones of this
	 * node are always announced, because other nodes may assume that there are no others.
	 * @param mark the value of {@link #mark()} before they were written
	 * @param update the result of writing them
	 * @param sessionIds the sessions of the connections
	 */
	void written(long mark, ConnectionTable.Update update, Collection<UUID> sessionIds) {
		this.others.counted(mark, update.others());
		if (!update.known() || this.others.mayBePresent()) {
			this.notifier.connectionsChanged(sessionIds);
		}
	}

	/**
	 * Notifies the other nodes of connections that were deleted.
	 * @param sessionIds the sessions of the connections
	 */
	void removed(Collection<UUID> sessionIds) {
		if (this.others.mayBePresent()) {
			this.notifier.connectionsChanged(sessionIds);
		}
	}

}
