package dev.resumablews.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.log.LiveConnections;
import dev.resumablews.log.LiveConnections.LiveConnection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Keeps {@code ws_live_connections} true: what was opened and closed is written soon, and
 * with each heartbeat all that is open, each time in one statement. Safe for use by many
 * threads.
 */
final class Presence {

	private static final Log logger = LogFactory.getLog(Presence.class);

	private final LiveConnections live;

	private final Connections connections;

	private final Duration heartbeat;

	private final Queue<LiveConnection> opened = new ConcurrentLinkedQueue<>();

	private final Queue<LiveConnection> closed = new ConcurrentLinkedQueue<>();

	private final AtomicBoolean writing = new AtomicBoolean();

	/**
	 * Touched by whoever has set {@link #writing}.
	 */
	private long lastHeartbeat = System.nanoTime();

	Presence(LiveConnections live, Connections connections, Duration heartbeat) {
		this.live = live;
		this.connections = connections;
		this.heartbeat = heartbeat;
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
		if (!this.writing.compareAndSet(false, true)) {
			return;
		}
		Set<LiveConnection> gone = Set.copyOf(drain(this.closed));
		try {
			long now = System.nanoTime();
			boolean heartbeatDue = now - this.lastHeartbeat >= this.heartbeat.toNanos();
			Collection<LiveConnection> alive = drain(this.opened);
			if (heartbeatDue) {
				this.lastHeartbeat = now;
				alive = this.connections.all().stream().map(Connection::toLiveConnection).toList();
			}
			this.live.update(alive.stream().filter((connection) -> !gone.contains(connection)).toList(), gone);
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("The live connections cannot be written; the next heartbeat will make up for it", ex);
		}
		finally {
			this.writing.set(false);
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
