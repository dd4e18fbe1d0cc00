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
 * Keeps {@code ws_live_connections} true between {@link #start()} and {@link #stop()}:
 * connections that were opened and closed are written soon, in one statement. A heartbeat
 * writes one row, and all open connections only if their rows may be lost. It also looks
 * for sessions that have too many connections over all nodes. Safe for use by many
 * threads.
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
	 * Whether all connections that were opened have been written, as far as is known.
	 * Guarded by {@link #writing}.
	 */
	private boolean complete;

	/**
	 * Whether there may be rows from before this was stopped. Guarded by
	 * {@link #writing}.
	 */
	private boolean leftovers;

	/**
	 * Creates the presence of a node.
	 * @param table where it is written
	 * @param remote tells the other nodes
	 * @param open supplies the connections of this node that are open
	 * @param supersede closes connections of this node, by their ids, in favour of newer
	 * ones
	 * @param heartbeat time between two heartbeats
	 * @param maxPerSession connections that a session may have
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
	 * Notes a connection that was opened.
	 * @param connection the connection
	 */
	public void opened(LiveConnection connection) {
		this.opened.add(connection);
	}

	/**
	 * Notes a connection that was closed.
	 * @param connection the connection
	 */
	public void closed(LiveConnection connection) {
		this.closed.add(connection);
	}

	/**
	 * Lets {@link #write()} write from now on.
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
	 * Writes what has changed. Blocks until Postgres answers; does nothing while another
	 * thread writes, and unless started.
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
			logger.debug("The live connections cannot be written; all of them will be written", ex);
		}
		finally {
			this.writing.unlock();
		}
	}

	/**
	 * Writes that this node has no connections any more, and writes nothing until it is
	 * started again. Blocks until Postgres answers.
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
			logger.debug("The live connections cannot be removed; they expire after two heartbeats", ex);
		}
		finally {
			this.writing.unlock();
		}
	}

	/**
	 * A heartbeat that fails is due again at once, or the connections would expire.
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
				// Postgres has crashed, or the cleanup has removed them
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
