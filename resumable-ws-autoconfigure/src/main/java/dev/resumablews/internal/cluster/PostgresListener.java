package dev.resumablews.internal.cluster;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Executor;

import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * Listens to a Postgres channel on its own thread and connection. A silent connection is
 * tested periodically and replaced if it is broken. After each connect the receiver
 * catches up on missed signals.
 */
final class PostgresListener {

	private static final Log logger = LogFactory.getLog(PostgresListener.class);

	private static final int SILENCE_MILLIS = 30_000;

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private static final Executor SAME_THREAD = Runnable::run;

	private final ListenerConnections connections;

	private final String channel;

	private final int timeoutMillis;

	private final ListenerProbe probe;

	private volatile @Nullable SupervisedLoop loop;

	private volatile boolean closed;

	private volatile @Nullable Connection connection;

	private volatile boolean listening;

	/**
	 * Creates a listener.
	 * @param timeoutMillis timeout of statements
	 * @param probe checks whether a connection receives notifications
	 */
	PostgresListener(ListenerConnections connections, String channel, int timeoutMillis, ListenerProbe probe) {
		this.connections = connections;
		this.channel = channel;
		this.timeoutMillis = timeoutMillis;
		this.probe = probe;
	}

	void start(ClusterSignal.Receiver receiver) {
		SupervisedLoop loop = new SupervisedLoop("resumable-ws-listen", "Listening to the signals of other nodes",
				Cluster.BACK_OFF, (control) -> listen(receiver, control));
		loop.start();
		this.loop = loop;
	}

	void close() {
		this.closed = true;
		Connection connection = this.connection;
		if (connection != null) {
			abort(connection);
		}
		SupervisedLoop loop = this.loop;
		if (loop != null) {
			loop.stop(STOP_TIMEOUT);
		}
	}

	/**
	 * Returns whether the listener is connected.
	 */
	boolean isListening() {
		return this.listening;
	}

	/**
	 * Returns the current outage; null if there is none.
	 */
	@Nullable Outage outage() {
		SupervisedLoop loop = this.loop;
		return (loop != null) ? loop.outages().outage() : null;
	}

	/**
	 * Listens on one connection until it breaks or this is closed.
	 */
	private void listen(ClusterSignal.Receiver receiver, SupervisedLoop.Control control) throws Exception {
		if (this.closed) {
			control.await(STOP_TIMEOUT);
			return;
		}
		Connection connection = this.connections.open();
		try {
			this.connection = connection;
			if (!this.closed) {
				receive(connection, receiver, control);
			}
		}
		catch (SQLException ex) {
			// closing aborts the connection to end the wait, which is not an outage
			if (!this.closed) {
				throw ex;
			}
		}
		finally {
			this.listening = false;
			this.connection = null;
			// also for a pooled connection: the pool must not get back one that listens
			abort(connection);
		}
	}

	private void receive(Connection connection, ClusterSignal.Receiver receiver, SupervisedLoop.Control control)
			throws SQLException {
		connection.setNetworkTimeout(SAME_THREAD, this.timeoutMillis);
		connection.setAutoCommit(true);
		execute(connection, "set application_name = 'resumable-ws listener'");
		execute(connection, "listen \"" + this.channel + "\"");
		PGConnection postgres = connection.unwrap(PGConnection.class);
		control.worked();
		this.listening = true;
		receiver.missed();
		this.probe.run(connection, receiver);
		while (!control.stopped()) {
			PGNotification[] notifications = postgres.getNotifications(SILENCE_MILLIS);
			if (notifications == null || notifications.length == 0) {
				execute(connection, "select 1");
				continue;
			}
			for (PGNotification notification : notifications) {
				receiver.received(notification.getParameter());
			}
		}
	}

	private static void execute(Connection connection, String sql) throws SQLException {
		try (Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
	}

	private static void abort(Connection connection) {
		try {
			connection.abort(SAME_THREAD);
		}
		catch (SQLException ex) {
			logger.debug("Failed to close a connection", ex);
		}
	}

}
