package dev.resumablews.internal.presence;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.node.NodeNotifier.ConnectionsListener;
import dev.resumablews.internal.node.OtherNodes;

/**
 * The connections of sessions to other nodes, and what tells the other nodes of those to
 * this one. Safe for use by many threads.
 */
public final class RemoteConnections {

	private final ConnectionTable table;

	private final NodeNotifier notifier;

	private final OtherNodes others;

	/**
	 * Creates it.
	 * @param table where the connections of all nodes are
	 * @param notifier tells the other nodes
	 * @param others whether there are any
	 */
	public RemoteConnections(ConnectionTable table, NodeNotifier notifier, OtherNodes others) {
		this.table = table;
		this.notifier = notifier;
		this.others = others;
	}

	/**
	 * Finds the connections that sessions have to the other nodes. Blocks until Postgres
	 * answers.
	 * @param sessionIds the sessions
	 * @param limit connections of each session at most
	 * @return the user of each connection, by session and connection
	 * @throws dev.resumablews.EventLogUnavailableException if Postgres does not answer
	 */
	public Map<UUID, Map<UUID, String>> find(Collection<UUID> sessionIds, int limit) {
		return this.table.elsewhere(sessionIds, limit);
	}

	/**
	 * Adds a listener for changes on other nodes.
	 * @param listener learns of them; must be fast and not throw
	 */
	public void onChanged(ConnectionsListener listener) {
		this.notifier.onConnectionsChanged(listener);
	}

	/**
	 * Returns how often to look without a signal, since one may be lost, and the
	 * connections of a node that was killed expire without one.
	 * @return the interval
	 */
	public Duration backstop() {
		return this.notifier.backstop();
	}

	/**
	 * Returns how often other nodes were heard. To be called before {@link #written}.
	 * @return a number for that
	 */
	long mark() {
		return this.others.mark();
	}

	/**
	 * Tells the other nodes of connections that were written. The first ones of this node
	 * are always told, since others may think that they are alone.
	 * @param mark what {@link #mark()} returned before they were written
	 * @param update what Postgres said
	 * @param sessionIds the sessions of the connections
	 */
	void written(long mark, ConnectionTable.Update update, Collection<UUID> sessionIds) {
		this.others.counted(mark, update.others());
		if (!update.known() || this.others.mayBePresent()) {
			this.notifier.connectionsChanged(sessionIds);
		}
	}

	/**
	 * Tells the other nodes of connections that were removed.
	 * @param sessionIds the sessions of the connections
	 */
	void removed(Collection<UUID> sessionIds) {
		if (this.others.mayBePresent()) {
			this.notifier.connectionsChanged(sessionIds);
		}
	}

}
