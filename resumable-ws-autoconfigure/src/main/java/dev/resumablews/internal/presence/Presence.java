package dev.resumablews.internal.presence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.presence.ConnectionTable.LiveConnection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Keeps {@code ws_live_connections} up to date between {@link #start()} and
 * {@link #stop()}. Opened and closed connections are soon written in one statement. A
 * heartbeat writes one row, and rewrites all open connections only if their rows may be
 * lost. It also closes the oldest connections of sessions that have too many across all
 * nodes. Safe for use by many threads.
 */
public final class Presence {

	private static final Log logger = LogFactory.getLog(Presence.class);

	private final ConnectionTable table;

	private final RemoteConnections remote;

	private final Supplier<Collection<LiveConnection>> open;

	private final Consumer<Set<UUID>> supersede;

	private final Duration heartbeat;

	private final int maxPerSession;

	private final Queue<LiveConnection> opened = new ConcurrentLinkedQueue<>();

	private final Queue<LiveConnection> closed = new ConcurrentLinkedQueue<>();

	private final ReentrantLock writing = new ReentrantLock();

	/**
	 * Guarded by {@link #writing}.
	 */
	private long lastHeartbeat = System.nanoTime();

	/**
	 * Guarded by {@link #writing}.
	 */
	private boolean started;

	/**
	 * Whether all opened connections are known to have been written. Guarded by
	 * {@link #writing}.
	 */
	private boolean complete;

	/**
	 * Whether rows from before the last stop may remain. Guarded by {@link #writing}.
	 */
	private boolean leftovers;

	/**
	 * Creates the presence of a node.
	 * @param table stores the connections
	 * @param remote notifies the other nodes
	 * @param open supplies the open connections of this node
	 * @param supersede closes connections of this node by id, because newer ones exist
	 * @param heartbeat heartbeat interval
	 * @param maxPerSession maximum number of connections per session
	 */
	public Presence(ConnectionTable table, RemoteConnections remote, Supplier<Collection<LiveConnection>> open,
			Consumer<Set<UUID>> supersede, Duration heartbeat, int maxPerSession) {
		this.table = table;
		this.remote = remote;
		this.open = open;
		this.supersede = supersede;
		this.heartbeat = heartbeat;
		this.maxPerSession = maxPerSession;
	}

	/**
	 * Records that a connection was opened.
	 * @param connection the connection
	 */
	public void opened(LiveConnection connection) {
		this.opened.add(connection);
	}

	/**
	 * Records that a connection was closed.
	 * @param connection the connection
	 */
	public void closed(LiveConnection connection) {
		this.closed.add(connection);
	}

	/**
	 * Enables {@link #write()}.
	 */
	public void start() {
		this.writing.lock();
		try {
			this.started = true;
			this.complete = false;
			this.lastHeartbeat = System.nanoTime();
		}
		finally {
			this.writing.unlock();
		}
	}

	/**
	 * Writes the changes. Blocks until Postgres answers. Does nothing unless started, or
	 * while another thread writes.
	 */
	public void write() {
		if (!this.writing.tryLock()) {
			return;
		}
		try {
			if (this.started) {
				update();
			}
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Failed to write live connections; will write all of them", ex);
		}
		finally {
			this.writing.unlock();
		}
	}

	/**
	 * Deletes the connections of this node, and disables {@link #write()} until the next
	 * start. Blocks until Postgres answers.
	 */
	public void stop() {
		this.writing.lock();
		try {
			this.started = false;
			this.opened.clear();
			Set<UUID> sessions = sessions(drain(this.closed));
			this.leftovers = true;
			this.table.removeAll();
			this.leftovers = false;
			this.remote.removed(sessions);
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Failed to delete live connections; they expire after two heartbeats", ex);
		}
		finally {
			this.writing.unlock();
		}
	}

	/**
	 * Retries a failed heartbeat immediately, because the connections would expire
	 * otherwise.
	 */
	private void update() {
		Set<LiveConnection> gone = Set.copyOf(drain(this.closed));
		Collection<LiveConnection> alive = drain(this.opened);
		long now = System.nanoTime();
		boolean heartbeatDue = now - this.lastHeartbeat >= this.heartbeat.toNanos();
		if (!this.complete) {
			alive = this.open.get();
		}
		boolean connected = heartbeatDue && !this.open.get().isEmpty();
		if (connected || !alive.isEmpty() || !gone.isEmpty()) {
			write(alive, gone);
		}
		if (heartbeatDue) {
			this.lastHeartbeat = now;
			if (connected) {
				this.supersede.accept(this.table.surplus(this.maxPerSession));
			}
		}
	}

	private void write(Collection<LiveConnection> alive, Set<LiveConnection> gone) {
		boolean wasComplete = this.complete;
		this.complete = false;
		try {
			if (this.leftovers) {
				this.table.removeAll();
				this.leftovers = false;
			}
			long mark = this.remote.mark();
			Set<UUID> changed = sessions(gone);
			Collection<LiveConnection> written = without(gone, alive);
			ConnectionTable.Update update = this.table.update(written, gone);
			changed.addAll(sessions(written));
			if (!update.known() && wasComplete) {
				// Postgres has crashed, or the cleanup has deleted the rows
				Collection<LiveConnection> all = without(gone, this.open.get());
				this.table.update(all, List.of());
				changed.addAll(sessions(all));
			}
			this.complete = true;
			this.remote.written(mark, update, changed);
		}
		catch (RuntimeException ex) {
			this.closed.addAll(gone);
			throw ex;
		}
	}

	private static List<LiveConnection> without(Set<LiveConnection> gone, Collection<LiveConnection> all) {
		return all.stream().filter((connection) -> !gone.contains(connection)).toList();
	}

	private static Set<UUID> sessions(Collection<LiveConnection> connections) {
		return connections.stream().map(LiveConnection::sessionId).collect(Collectors.toCollection(HashSet::new));
	}

	private static List<LiveConnection> drain(Queue<LiveConnection> queue) {
		List<LiveConnection> drained = new ArrayList<>();
		for (LiveConnection next = queue.poll(); next != null; next = queue.poll()) {
			drained.add(next);
		}
		return drained;
	}

}
