package dev.resumablews.internal.admission;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.IntPredicate;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.budget.Rate;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.concurrent.Monitors;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.connection.ConnectionSettings;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Recipient;
import dev.resumablews.internal.handshake.ConnectionLimiter;
import dev.resumablews.internal.presence.ConnectionTable.LiveConnection;
import dev.resumablews.internal.presence.RemoteConnectionCount;
import dev.resumablews.internal.status.ConnectionStatus.Client;
import dev.resumablews.internal.status.ConnectionStatus;
import dev.resumablews.internal.workers.ListeningClock;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The connections of this node. Admits connections between {@link #start()} and
 * {@link #beginToDrain()}. Can be restarted. Safe for use by many threads.
 */
public final class Connections implements ConnectionLimiter, ConnectionStatus.Source {

	private static final Log logger = LogFactory.getLog(Connections.class);

	private final ConnectionSettings settings;

	private final RemoteConnectionCount others;

	private final IntPredicate openingRoom;

	private final UserBudgets budgets;

	private final ConcurrentMap<UUID, Connection> all = new ConcurrentHashMap<>();

	private final ConcurrentMap<UUID, List<Connection>> bySession = new ConcurrentHashMap<>();

	/**
	 * The connections of {@link #bySession}, by the hash of their user.
	 */
	private final ConcurrentMap<UUID, List<Connection>> byUser = new ConcurrentHashMap<>();

	private final ConnectionPlaces places = new ConnectionPlaces();

	private final UnauthenticatedSockets unauthenticated;

	private volatile Mode mode = Mode.STOPPED;

	private volatile @Nullable SessionPresence presence;

	/**
	 * Creates the connections of a node.
	 * @param openingRoom tests whether a number of further sessions may wait to be opened
	 * @param budgets limits the handshakes of each user
	 * @param unauthenticated the WebSockets that become connections after authentication
	 */
	Connections(ConnectionSettings settings, RemoteConnectionCount others, IntPredicate openingRoom,
			UserBudgets budgets, UnauthenticatedSockets unauthenticated) {
		this.settings = settings;
		this.others = others;
		this.openingRoom = openingRoom;
		this.budgets = budgets;
		this.unauthenticated = unauthenticated;
	}

	/**
	 * Sets the component to notify of connections that join and leave their sessions.
	 */
	void presence(SessionPresence presence) {
		this.presence = presence;
	}

	/**
	 * Decides by the current number of connections, counting those of the user on all
	 * nodes. Concurrent handshakes on two nodes may both be admitted to the last place.
	 * May block for Postgres, but only briefly and for few threads at a time.
	 */
	@Override
	public Decision admit(String userId) {
		if (this.mode != Mode.STARTED) {
			return Decision.SHUTTING_DOWN;
		}
		if (!this.budgets.of(userId).tryConsume(Rate.HANDSHAKES, 1)) {
			return Decision.TOO_OFTEN_FOR_USER;
		}
		this.places.reserve(userId, System.nanoTime());
		Decision decision = judge(userId);
		if (decision != Decision.ADMITTED) {
			this.places.cancel(userId);
		}
		return decision;
	}

	/**
	 * Admits messages for as long as the connections of this node may send some.
	 */
	@Override
	public Decision admitMessages() {
		return (this.mode == Mode.STARTED || this.mode == Mode.DRAINING) ? Decision.ADMITTED : Decision.SHUTTING_DOWN;
	}

	@Override
	public void cancel(String userId) {
		this.places.cancel(userId);
	}

	@Override
	public Decision admitUnauthenticated(String network) {
		if (this.mode != Mode.STARTED) {
			return Decision.SHUTTING_DOWN;
		}
		return this.unauthenticated.admit(network, this.settings.maxTotal() - this.places.total());
	}

	@Override
	public void cancelUnauthenticated(String network) {
		this.unauthenticated.cancel(network);
	}

	/**
	 * Decides whether to admit a connection whose place is reserved.
	 */
	private Decision judge(String userId) {
		if (this.places.total() + this.unauthenticated.total() > this.settings.maxTotal()) {
			return Decision.FULL;
		}
		if (!this.openingRoom.test(this.places.reserved())) {
			return Decision.BUSY;
		}
		int left = this.settings.maxPerUser() - this.places.of(userId);
		boolean room = left >= 0 && this.others.connections(userId) <= left;
		return room ? Decision.ADMITTED : Decision.TOO_MANY_FOR_USER;
	}

	/**
	 * Adds a connection. Its session may not be open yet.
	 */
	void add(Connection connection) {
		this.all.put(connection.id(), connection);
		this.places.take(connection.userId());
		if (this.mode == Mode.CLOSING) {
			connection.close(CloseCode.RESTART);
		}
	}

	/**
	 * Adds a connection to those of its session. Closes the session's oldest connection
	 * if there are too many.
	 */
	void join(Connection connection) {
		List<Connection> ofSession = add(this.bySession, connection.sessionId(), connection);
		add(this.byUser, connection.userKey(), connection);
		SessionPresence presence = this.presence;
		if (presence != null) {
			presence.joined(connection);
		}
		int excess = ofSession.size() - this.settings.maxPerSession();
		for (int i = 0; i < excess; i++) {
			ofSession.get(i).close(CloseCode.SUPERSEDED);
		}
		if (this.mode == Mode.DRAINING) {
			connection.announceRestart();
		}
	}

	/**
	 * Removes a connection from those of its session.
	 * @return whether it was one of them
	 */
	boolean leave(Connection connection) {
		remove(this.byUser, connection.userKey(), connection);
		boolean left = remove(this.bySession, connection.sessionId(), connection);
		SessionPresence presence = this.presence;
		if (left && presence != null) {
			presence.left(connection);
		}
		return left;
	}

	/**
	 * Returns the connections of a recipient whose session is open.
	 */
	List<Connection> of(Recipient recipient) {
		return switch (recipient.kind()) {
			case SESSION -> this.bySession.getOrDefault(recipient.id(), List.of());
			case USER -> this.byUser.getOrDefault(recipient.id(), List.of());
		};
	}

	/**
	 * Returns whether this node has a connection of the user that has joined the session.
	 */
	public boolean isHeld(UUID sessionId, String userId) {
		List<Connection> ofSession = this.bySession.get(sessionId);
		return ofSession != null
				&& ofSession.stream().anyMatch((each) -> each.userId().equals(userId) && each.isOpen());
	}

	void remove(Connection connection) {
		if (this.all.remove(connection.id()) != null) {
			this.places.free(connection.userId());
		}
		if (this.mode == Mode.CLOSING) {
			synchronized (this) {
				notifyAll();
			}
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

	@Override
	public ConnectionStatus connections() {
		return new ConnectionStatus(this.mode == Mode.STARTED, this.all.size(), this.byUser.size(),
				this.bySession.size(), this.unauthenticated.total());
	}

	@Override
	public List<Client> clients(UUID sessionId) {
		return this.bySession.getOrDefault(sessionId, List.of()).stream().map(Connection::toClient).toList();
	}

	/**
	 * Returns the unauthenticated WebSockets.
	 */
	public UnauthenticatedSockets unauthenticated() {
		return this.unauthenticated;
	}

	ConnectionPlaces places() {
		return this.places;
	}

	public Collection<Connection> all() {
		return this.all.values();
	}

	/**
	 * Returns the connections whose session is open.
	 */
	Collection<LiveConnection> live() {
		return this.bySession.values().stream().flatMap(List::stream).map(Connection::toLiveConnection).toList();
	}

	/**
	 * Starts to admit connections.
	 */
	void start() {
		this.unauthenticated.start();
		this.mode = Mode.STARTED;
	}

	/**
	 * Stops admitting connections, and announces the restart to the existing ones. Closes
	 * unauthenticated WebSockets.
	 */
	void beginToDrain() {
		this.mode = Mode.DRAINING;
		this.unauthenticated.closeAll();
		this.all.values().forEach(Connection::announceRestart);
	}

	/**
	 * Waits until all connections have sent the events that are available.
	 * @param deadline when to stop waiting, as a {@link System#nanoTime()}
	 */
	void awaitIdle(long deadline) throws InterruptedException {
		for (Connection connection : this.all.values()) {
			connection.awaitIdle(deadline);
		}
	}

	/**
	 * Closes all connections, including those whose handshake is still in progress when
	 * they open.
	 */
	void closeAll() {
		this.mode = Mode.CLOSING;
		this.all.values().forEach((connection) -> connection.close(CloseCode.RESTART));
	}

	/**
	 * Waits until all connections are closed.
	 * @param deadline when to stop waiting, as a {@link System#nanoTime()}
	 */
	void awaitNone(long deadline) throws InterruptedException {
		this.unauthenticated.awaitNone(deadline);
		synchronized (this) {
			Monitors.await(this, this.all::isEmpty, deadline);
		}
	}

	/**
	 * Checks all connections. A connection whose check fails is closed, and the others
	 * are still checked.
	 * @param now the time of {@link ListeningClock}
	 */
	void watch(long now) {
		this.places.expire(System.nanoTime());
		this.unauthenticated.watch(now);
		for (Connection connection : this.all.values()) {
			try {
				connection.watch(now);
			}
			catch (Throwable ex) {
				logger.warn("Connection " + connection.id() + " could not be checked", ex);
				connection.abandon(CloseCode.INTERNAL_ERROR);
			}
		}
	}

	/**
	 * Adds a connection to those of a key.
	 * @return the connections of the key
	 */
	static List<Connection> add(ConcurrentMap<UUID, List<Connection>> map, UUID key, Connection connection) {
		return map.compute(key, (id, known) -> {
			List<Connection> changed = (known != null) ? new ArrayList<>(known) : new ArrayList<>();
			changed.add(connection);
			return List.copyOf(changed);
		});
	}

	/**
	 * Removes a connection from those of a key.
	 * @return whether it was among them
	 */
	static boolean remove(ConcurrentMap<UUID, List<Connection>> map, UUID key, Connection connection) {
		boolean[] removed = new boolean[1];
		map.computeIfPresent(key, (id, known) -> {
			List<Connection> rest = known.stream().filter((other) -> other != connection).toList();
			removed[0] = rest.size() < known.size();
			return rest.isEmpty() ? null : rest;
		});
		return removed[0];
	}

	private enum Mode {

		STOPPED, STARTED, DRAINING, CLOSING

	}

}
