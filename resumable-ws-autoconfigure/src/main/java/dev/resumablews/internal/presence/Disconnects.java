package dev.resumablews.internal.presence;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.SqlStates;
import dev.resumablews.internal.node.NodeNotification;
import dev.resumablews.internal.node.NodeNotifier;

/**
 * Stores which users and tokens were disconnected, and when. A node that misses a signal
 * or is partitioned reads them later. Safe for use by many threads.
 */
public final class Disconnects {

	private static final String ADD = """
			insert into ws_disconnects (disconnect_key) values (?)
			on conflict (disconnect_key) do update set disconnected_at = clock_timestamp()
			""";

	private static final String SINCE = """
			select disconnect_key, disconnected_at,
				extract(epoch from clock_timestamp() - disconnected_at)::float8 as age
			from ws_disconnects
			where disconnected_at > statement_timestamp() - make_interval(secs => ?)
			""";

	private final JdbcExecutor database;

	private final NodeNotifier notifier;

	private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

	private final List<Consumer<UUID>> localListeners = new CopyOnWriteArrayList<>();

	/**
	 * Creates the store.
	 * @param database stores the disconnects
	 * @param notifier notifies the other nodes
	 */
	public Disconnects(JdbcExecutor database, NodeNotifier notifier) {
		this.database = database;
		this.notifier = notifier;
	}

	/**
	 * Disconnects a user or a token on all nodes, in the library's own transaction.
	 * Blocks until it is stored.
	 * @param key a key of {@link DisconnectKey}
	 * @throws EventLogUnavailableException if it may not have been stored
	 */
	public void add(UUID key) {
		try {
			this.database.inOwnTransaction((session) -> {
				int rows = session.update(ADD, (statement) -> statement.setObject(1, key));
				session.commit();
				return rows;
			});
		}
		catch (SQLException ex) {
			throw SqlStates.unavailable(ex);
		}
		this.listeners.forEach(Runnable::run);
		this.notifier.notifyOthers(NodeNotification.DISCONNECTS);
	}

	/**
	 * Ends the logins of a user or a token on this node only, without storing it. Does
	 * not block.
	 * @param key a key of {@link DisconnectKey}
	 */
	public void endLocally(UUID key) {
		this.localListeners.forEach((listener) -> listener.accept(key));
	}

	/**
	 * Adds a listener for logins that end on this node.
	 * @param listener receives the keys passed to {@link #endLocally}; must return
	 * quickly and must not throw
	 */
	public void onEndedLocally(Consumer<UUID> listener) {
		this.localListeners.add(listener);
	}

	/**
	 * Adds a listener for disconnects.
	 * @param listener called when any node, including this one, has or may have
	 * disconnected a user or token; must return quickly and must not throw
	 * @param needed returns whether disconnects of other nodes are relevant now
	 */
	public void onAdded(Runnable listener, BooleanSupplier needed) {
		this.listeners.add(listener);
		this.notifier.onNotification(NodeNotification.DISCONNECTS, listener, needed);
	}

	/**
	 * Returns the interval at which to read disconnects without a notification.
	 * @return the interval
	 */
	public Duration backstop() {
		return this.notifier.backstop();
	}

	/**
	 * Returns the recent disconnects. Blocks until Postgres answers.
	 * @param within maximum age
	 * @return the disconnects, in no particular order
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	public List<Disconnect> since(Duration within) {
		return this.database.execute((session) -> session.list(SINCE,
				(statement) -> statement.setDouble(1, within.toNanos() / (double) TimeUnit.SECONDS.toNanos(1)),
				(row) -> new Disconnect(row.getObject("disconnect_key", UUID.class),
						row.getObject("disconnected_at", OffsetDateTime.class).toInstant(),
						(long) (row.getDouble("age") * TimeUnit.SECONDS.toNanos(1)))));
	}

	/**
	 * A disconnect.
	 *
	 * @param key key of the user or token
	 * @param at time according to the Postgres clock
	 * @param ageNanos age in nanoseconds
	 */
	public record Disconnect(UUID key, Instant at, long ageNanos) {

	}

}
