package dev.resumablews.internal.connection;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.handshake.ConnectionLimiter;

/**
 * The connections of this node. Safe for use by many threads.
 */
final class Connections implements ConnectionLimiter {

	private final ConnectionSettings settings;

	private final RemoteConnectionCount others;

	private final ConcurrentMap<UUID, Connection> all = new ConcurrentHashMap<>();

	private final ConcurrentMap<UUID, List<Connection>> bySession = new ConcurrentHashMap<>();

	private final ConcurrentMap<String, Integer> countByUser = new ConcurrentHashMap<>();

	private volatile boolean draining;

	private volatile boolean closing;

	Connections(ConnectionSettings settings, RemoteConnectionCount others) {
		this.settings = settings;
		this.others = others;
	}

	/**
	 * Decides by how many connections there are now, those of the user on all nodes.
	 * Handshakes at about the same time may each be let in for the last place. May wait
	 * for Postgres, but not for long.
	 */
	@Override
	public Decision admit(String userId) {
		if (this.draining) {
			return Decision.SHUTTING_DOWN;
		}
		if (this.all.size() >= this.settings.maxTotal()) {
			return Decision.FULL;
		}
		int left = this.settings.maxPerUser() - this.countByUser.getOrDefault(userId, 0);
		boolean room = left > 0 && this.others.connections(userId) < left;
		return room ? Decision.ADMITTED : Decision.TOO_MANY_FOR_USER;
	}

	/**
	 * Adds a connection. If its session has too many now, the oldest is closed.
	 */
	void add(Connection connection) {
		this.all.put(connection.id(), connection);
		this.countByUser.merge(connection.userId(), 1, Integer::sum);
		List<Connection> ofSession = this.bySession.compute(connection.sessionId(), (id, known) -> {
			List<Connection> changed = (known != null) ? new ArrayList<>(known) : new ArrayList<>();
			changed.add(connection);
			return List.copyOf(changed);
		});
		int excess = ofSession.size() - this.settings.maxPerSession();
		for (int i = 0; i < excess; i++) {
			ofSession.get(i).close(CloseCode.SUPERSEDED);
		}
		if (this.draining) {
			connection.announceRestart();
		}
		if (this.closing) {
			connection.close(CloseCode.RESTART);
		}
	}

	/**
	 * Closes connections in favour of newer ones on other nodes.
	 */
	void supersede(Set<UUID> ids) {
		ids.stream()
			.map(this.all::get)
			.filter(Objects::nonNull)
			.forEach((connection) -> connection.close(CloseCode.SUPERSEDED));
	}

	void remove(Connection connection) {
		this.all.remove(connection.id());
		this.countByUser.computeIfPresent(connection.userId(), (id, count) -> (count > 1) ? count - 1 : null);
		this.bySession.computeIfPresent(connection.sessionId(), (id, known) -> {
			List<Connection> rest = known.stream().filter((other) -> other != connection).toList();
			return rest.isEmpty() ? null : rest;
		});
	}

	Collection<Connection> all() {
		return this.all.values();
	}

	/**
	 * Admits no further connection, and announces the restart to those that are there.
	 */
	void beginToDrain() {
		this.draining = true;
		this.all.values().forEach(Connection::announceRestart);
	}

	/**
	 * Closes all connections, and those whose handshake is not done yet as soon as they
	 * are there.
	 */
	void closeAll() {
		this.closing = true;
		this.all.values().forEach((connection) -> connection.close(CloseCode.RESTART));
	}

	void watch(long now) {
		this.all.values().forEach((connection) -> connection.watch(now));
	}

}
