package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.presence.ConnectionTable;
import dev.resumablews.internal.presence.ConnectionTable.LiveConnection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Keeps {@code ws_live_connections} true: what was opened and closed is written soon, and
 * with each heartbeat all that is open, each time in one statement. Each heartbeat also
 * looks whether sessions have too many connections by now, over all nodes. Safe for use
 * by many threads.
 */
final class Presence {

	private static final Log logger = LogFactory.getLog(Presence.class);

	private final ConnectionTable live;

	private final Connections connections;

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
	private boolean ended;

	Presence(ConnectionTable live, Connections connections, ConnectionSettings settings) {
		this.live = live;
		this.connections = connections;
		this.heartbeat = settings.heartbeatInterval();
		this.maxPerSession = settings.maxPerSession();
	}

	void opened(Connection connection) {
		this.opened.add(connection.toLiveConnection());
	}

	void closed(Connection connection) {
		this.closed.add(connection.toLiveConnection());
	}

	/**
	 * Writes what has changed. Blocks until Postgres answers; does nothing while another
	 * thread is at it.
	 */
	void write() {
		if (!this.writing.tryLock()) {
			return;
		}
		try {
			if (!this.ended) {
				update();
			}
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("The live connections cannot be written; a heartbeat will make up for it", ex);
		}
		finally {
			this.writing.unlock();
		}
	}

	/**
	 * Writes that this node has no connections any more; nothing is written after that.
	 * Blocks until Postgres answers.
	 */
	void end() {
		this.writing.lock();
		try {
			this.ended = true;
			this.live.removeAll();
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("The live connections cannot be removed; they will be taken for dead", ex);
		}
		finally {
			this.writing.unlock();
		}
	}

	/**
	 * A heartbeat that fails is due again at once, or the connections would be taken for
	 * dead.
	 */
	private void update() {
		Set<LiveConnection> gone = Set.copyOf(drain(this.closed));
		long now = System.nanoTime();
		boolean heartbeatDue = now - this.lastHeartbeat >= this.heartbeat.toNanos();
		Collection<LiveConnection> alive = drain(this.opened);
		if (heartbeatDue) {
			alive = this.connections.all().stream().map(Connection::toLiveConnection).toList();
		}
		this.live.update(alive.stream().filter((connection) -> !gone.contains(connection)).toList(), gone);
		if (heartbeatDue) {
			this.lastHeartbeat = now;
			if (!alive.isEmpty()) {
				this.connections.supersede(this.live.surplus(this.maxPerSession));
			}
		}
	}

	private static List<LiveConnection> drain(Queue<LiveConnection> queue) {
		List<LiveConnection> drained = new ArrayList<>();
		for (LiveConnection next = queue.poll(); next != null; next = queue.poll()) {
			drained.add(next);
		}
		return drained;
	}

}
