package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Kind;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Recipient;
import dev.resumablews.internal.node.NodeNotifier.ConnectionsListener;
import dev.resumablews.internal.presence.RemoteConnections;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Sends the presence of their session to the clients that subscribe to it:
 * <ol>
 * <li>Connections that join and leave on this node, and signals of other nodes, only mark
 * sessions with subscribed clients as changed.
 * <li>At an interval, the changed sessions are looked up together: the connections of
 * this node in memory, those of other nodes in one query. All sessions with subscribers
 * are looked up periodically, because signals may be lost and nodes may crash.
 * <li>Each client is sent the difference to the presence it was sent before.
 * </ol>
 * If Postgres does not respond, clients are sent nothing, and the lookup is retried
 * later. Safe for use by many threads.
 */
final class SessionPresence implements ConnectionsListener {

	/**
	 * Changes within this time are combined into one message.
	 */
	static final Duration INTERVAL = Duration.ofMillis(250);

	/**
	 * Maximum number of a session's connections that are sent to clients.
	 */
	static final int MAX_SHOWN = 1000;

	private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(2);

	private static final Log logger = LogFactory.getLog(SessionPresence.class);

	private final Connections connections;

	private final RemoteConnections remote;

	private final Executor executor;

	/**
	 * The subscribed clients, by session.
	 */
	private final ConcurrentMap<UUID, List<Connection>> watchers = new ConcurrentHashMap<>();

	private final Set<UUID> changed = ConcurrentHashMap.newKeySet();

	private final AtomicBoolean looking = new AtomicBoolean();

	/**
	 * Time at which all sessions are looked up. Used by the scheduler only.
	 */
	private long allDue = System.nanoTime();

	/**
	 * Time until which Postgres is not queried.
	 */
	private volatile long pausedUntil = System.nanoTime();

	/**
	 * Creates an instance.
	 * @param executor runs tasks that wait for Postgres
	 */
	SessionPresence(Connections connections, RemoteConnections remote, Executor executor) {
		this.connections = connections;
		this.remote = remote;
		this.executor = executor;
	}

	/**
	 * Records a connection that has joined its session.
	 */
	void joined(Connection connection) {
		if (connection.receivesPresence()) {
			Connections.add(this.watchers, connection.sessionId(), connection);
		}
		changed(connection.sessionId());
	}

	/**
	 * Records a connection that has left its session.
	 */
	void left(Connection connection) {
		if (connection.receivesPresence()) {
			Connections.remove(this.watchers, connection.sessionId(), connection);
		}
		changed(connection.sessionId());
	}

	@Override
	public void changed(Collection<UUID> sessionIds) {
		sessionIds.forEach(this::changed);
	}

	@Override
	public void missed() {
		this.changed.addAll(this.watchers.keySet());
	}

	/**
	 * Looks up the changed sessions on another thread. Called by the scheduler.
	 */
	void tick() {
		long now = System.nanoTime();
		if (now - this.allDue >= 0) {
			this.allDue = now + this.remote.backstop().toNanos();
			missed();
		}
		if (!this.changed.isEmpty() && now - this.pausedUntil >= 0 && this.looking.compareAndSet(false, true)) {
			this.executor.execute(this::look);
		}
	}

	private void changed(UUID sessionId) {
		if (this.watchers.containsKey(sessionId)) {
			this.changed.add(sessionId);
		}
	}

	private void look() {
		Set<UUID> sessionIds = new HashSet<>(this.changed);
		// before they are looked up, so that later changes are not lost
		this.changed.removeAll(sessionIds);
		sessionIds.retainAll(this.watchers.keySet());
		try {
			if (!sessionIds.isEmpty()) {
				Map<UUID, Map<UUID, String>> elsewhere = this.remote.find(sessionIds, MAX_SHOWN);
				sessionIds.forEach((sessionId) -> show(sessionId, elsewhere.getOrDefault(sessionId, Map.of())));
			}
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Cannot look up the presence of sessions; will retry", ex);
			tryLater(sessionIds);
		}
		catch (Throwable ex) {
			logger.warn("Failed to look up the presence of sessions; will retry", ex);
			tryLater(sessionIds);
		}
		finally {
			this.looking.set(false);
		}
	}

	private void tryLater(Set<UUID> sessionIds) {
		this.pausedUntil = System.nanoTime() + PAUSE_AFTER_FAILURE.toNanos();
		this.changed.addAll(sessionIds);
	}

	private void show(UUID sessionId, Map<UUID, String> elsewhere) {
		Map<UUID, String> present = new LinkedHashMap<>();
		for (Connection connection : this.connections.of(new Recipient(Kind.SESSION, sessionId))) {
			if (present.size() < MAX_SHOWN) {
				present.put(connection.id(), connection.userId());
			}
		}
		elsewhere.forEach((connectionId, userId) -> {
			if (present.size() < MAX_SHOWN) {
				present.putIfAbsent(connectionId, userId);
			}
		});
		this.watchers.getOrDefault(sessionId, List.of()).forEach((watcher) -> watcher.showPresence(present));
	}

}
