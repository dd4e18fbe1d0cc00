package dev.resumablews.internal.admission;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

import dev.resumablews.CloseCode;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.presence.Disconnects.Disconnect;
import dev.resumablews.internal.presence.Disconnects;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Closes the connections of this node whose users are disconnected, by whichever node:
 * those that are there, and those whose handshake began before and is not done yet.
 * Signals say when to look, and while there are connections it looks from time to time
 * without one. Safe for use by many threads.
 */
final class Disconnector {

	private static final Log logger = LogFactory.getLog(Disconnector.class);

	/**
	 * How long before the last look a disconnect is read again. Longer than a handshake
	 * takes, and than a statement that has not committed at that look.
	 */
	private static final Duration OVERLAP = Duration.ofMinutes(2);

	private final Connections connections;

	private final Disconnects disconnects;

	private final Executor executor;

	private final ResumableWsListener listener;

	private final AtomicBoolean requested = new AtomicBoolean();

	/**
	 * When whose logins have ended. Replaced by each look.
	 */
	private volatile Map<UUID, Long> ends = Map.of();

	/**
	 * When each was disconnected by the clock of Postgres. Guarded by this.
	 */
	private Map<UUID, Instant> times = Map.of();

	/**
	 * Guarded by this.
	 */
	private long lookedAt = System.nanoTime();

	/**
	 * Creates a disconnector.
	 * @param executor runs what waits for Postgres
	 */
	Disconnector(Connections connections, Disconnects disconnects, Executor executor, ResumableWsListener listener) {
		this.connections = connections;
		this.disconnects = disconnects;
		this.executor = executor;
		this.listener = listener;
		disconnects.onAdded(this::request, this::isNeeded);
		disconnects.onEndedLocally(this::endedHere);
	}

	/**
	 * Looks soon who was disconnected. Does not block.
	 */
	void request() {
		if (!this.requested.getAndSet(true)) {
			this.executor.execute(this::look);
		}
	}

	/**
	 * Looks soon who was disconnected, if there is a connection.
	 */
	void requestIfNeeded() {
		if (isNeeded()) {
			request();
		}
	}

	/**
	 * Closes a connection that was just added, if its user was disconnected during the
	 * handshake.
	 */
	void added(Connection connection) {
		Map<UUID, Long> ends = this.ends;
		if (connection.login().isEndedBy(ends)) {
			close((each) -> each == connection, "disconnected");
		}
	}

	/**
	 * Closes the connections of a user who is not valid any more.
	 * @param before those whose login began before, by {@link System#nanoTime()}
	 */
	void invalid(String userId, long before) {
		close((each) -> each.userId().equals(userId) && each.login().beganBefore(before), "invalid");
	}

	/**
	 * Closes the connections of a login that has ended now. Looks at all connections of
	 * the node, since logins end seldom compared to what connections do.
	 */
	private void endedHere(UUID key) {
		Map<UUID, Long> ends = Map.of(key, System.nanoTime());
		close((connection) -> connection.login().isEndedBy(ends), "logged_out");
	}

	private boolean isNeeded() {
		return !this.connections.all().isEmpty();
	}

	private synchronized void look() {
		this.requested.set(false);
		long now = System.nanoTime();
		try {
			read(Duration.ofNanos(now - this.lookedAt).plus(OVERLAP));
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Who was disconnected cannot be read; it will be read later", ex);
			return;
		}
		this.lookedAt = now;
		Map<UUID, Long> ends = this.ends;
		if (!ends.isEmpty()) {
			close((connection) -> connection.login().isEndedBy(ends), "disconnected");
		}
	}

	/**
	 * The age of a disconnect is that at some time before the answer came. So the time it
	 * leads to is never too early, and the earliest that was found is the best.
	 */
	private void read(Duration within) {
		Map<UUID, Instant> times = new HashMap<>();
		Map<UUID, Long> ends = new HashMap<>();
		for (Disconnect disconnect : this.disconnects.since(within)) {
			UUID key = disconnect.key();
			long end = System.nanoTime() - disconnect.ageNanos();
			Long known = disconnect.at().equals(this.times.get(key)) ? this.ends.get(key) : null;
			times.put(key, disconnect.at());
			ends.put(key, (known != null && known - end < 0) ? known : Long.valueOf(end));
		}
		this.times = times;
		this.ends = ends;
	}

	private void close(Predicate<Connection> which, String reason) {
		Set<String> users = new HashSet<>();
		for (Connection connection : this.connections.all()) {
			if (connection.closing() == null && which.test(connection)) {
				connection.close(CloseCode.UNAUTHORIZED);
				users.add(connection.userId());
			}
		}
		users.forEach((userId) -> this.listener
			.onSecurityEvent(new SecurityEvent(SecurityEvent.Kind.DISCONNECTED, userId, null, reason)));
	}

}
