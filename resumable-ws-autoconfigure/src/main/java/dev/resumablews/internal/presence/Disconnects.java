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
import dev.resumablews.internal.node.Bell;
import dev.resumablews.internal.node.NodeNotifier;

/**
 * Who was disconnected, and when. It is stored, so that a node which misses a signal, or
 * is cut off for a while, learns of it later. Safe for use by many threads.
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

	private final List<Consumer<UUID>> hereListeners = new CopyOnWriteArrayList<>();

	/**
	 * Creates it.
	 * @param database where it is stored
	 * @param notifier tells the other nodes
	 */
	public Disconnects(JdbcExecutor database, NodeNotifier notifier) {
		this.database = database;
		this.notifier = notifier;
	}

	/**
	 * Disconnects a user or a token, on all nodes, in a transaction of the library's.
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
		this.notifier.ring(Bell.DISCONNECTS);
	}

	/**
	 * Ends a user's logins, or a token, on this node, without storing it. Does not block.
	 * @param key a key of {@link DisconnectKey}
	 */
	public void endHere(UUID key) {
		this.hereListeners.forEach((listener) -> listener.accept(key));
	}

	/**
	 * Adds a listener.
	 * @param listener takes the keys of {@link #endHere}; must be fast and not throw
	 */
	public void onEndedHere(Consumer<UUID> listener) {
		this.hereListeners.add(listener);
	}

	/**
	 * Adds a listener.
	 * @param listener is run when a node, this one included, has disconnected somebody,
	 * or may have; must be fast and not throw
	 * @param needed returns whether disconnects of other nodes matter now
	 */
	public void onAdded(Runnable listener, BooleanSupplier needed) {
		this.listeners.add(listener);
		this.notifier.onRing(Bell.DISCONNECTS, listener, needed);
	}

	/**
	 * Returns how often to look without being told.
	 * @return the interval
	 */
	public Duration backstop() {
		return this.notifier.backstop();
	}

	/**
	 * Reads who was disconnected. Blocks until Postgres answers.
	 * @param within how long ago at most
	 * @return the disconnects, in no order
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
	 * @param key who was disconnected
	 * @param at when, by the clock of Postgres
	 * @param ageNanos how long that is ago, in nanoseconds
	 */
	public record Disconnect(UUID key, Instant at, long ageNanos) {

	}

}
