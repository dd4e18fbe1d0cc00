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
 * Closes the connections of this node whose users are disconnected by any node: the open
 * ones, and those whose handshake began before the disconnect and is still in progress.
 * Reads the stored disconnects when a signal arrives, and periodically while there are
 * connections. Safe for use by many threads.
 */
final class Disconnector {

	private static final Log logger = LogFactory.getLog(Disconnector.class);

	/**
	 * Overlap between two reads of the disconnects. Longer than a handshake, and than a
	 * statement that is uncommitted at the first read.
	 */
	private static final Duration OVERLAP = Duration.ofMinutes(2);

	private final Connections connections;

	private final Disconnects disconnects;

	private final Executor executor;

	private final ResumableWsListener listener;

	private final AtomicBoolean requested = new AtomicBoolean();

	/**
	 * End of the logins by user or token, replaced by each read.
	 */
	private volatile Map<UUID, Long> ends = Map.of();

	/**
	 * Time of each disconnect by the clock of Postgres. Guarded by this.
	 */
	private Map<UUID, Instant> times = Map.of();

	/**
	 * Guarded by this.
	 */
	private long lookedAt = System.nanoTime();

	/**
	 * Creates a disconnector.
	 * @param executor runs tasks that wait for Postgres
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
	 * Requests a read of the disconnects. Does not block.
	 */
	void request() {
		if (!this.requested.getAndSet(true)) {
			this.executor.execute(this::look);
		}
	}

	/**
	 * Requests a read of the disconnects if there is a connection.
	 */
	void requestIfNeeded() {
		if (isNeeded()) {
			request();
		}
	}

	/**
	 * Closes a newly added connection if its user was disconnected during the handshake.
	 */
	void added(Connection connection) {
		Map<UUID, Long> ends = this.ends;
		if (connection.login().isEndedBy(ends)) {
			close((each) -> each == connection, "disconnected");
		}
	}

	/**
	 * Closes the connections of a user who is no longer valid.
	 * @param before closes only connections whose login began before this time, by
	 * {@link System#nanoTime()}
	 */
	void invalid(String userId, long before) {
		close((each) -> each.userId().equals(userId) && each.login().beganBefore(before), "invalid");
	}

	/**
	 * Closes the connections of a login that has just ended. Scans all connections of the
	 * node, because logins end rarely.
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
			logger.debug("Failed to read disconnected users; will retry", ex);
			return;
		}
		this.lookedAt = now;
		Map<UUID, Long> ends = this.ends;
		if (!ends.isEmpty()) {
			close((connection) -> connection.login().isEndedBy(ends), "disconnected");
		}
	}

	/**
	 * The age of a disconnect refers to a time before the response arrived. The time
	 * computed from it is therefore never too early, and the earliest computed time is
	 * the most accurate.
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
