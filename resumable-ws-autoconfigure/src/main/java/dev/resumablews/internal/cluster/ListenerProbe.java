package dev.resumablews.internal.cluster;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * Checks whether the listening connection receives notifications: a pooler in transaction
 * mode accepts {@code LISTEN} but delivers none. Sends a notification on a separate
 * channel from another connection and waits for it, until one check has succeeded. Used
 * by the listener's thread.
 */
final class ListenerProbe {

	private static final Log logger = LogFactory.getLog(PostgresListener.class);

	/**
	 * Shared by all nodes: a notification of another node proves the same.
	 */
	private static final String CHANNEL = "resumable_ws_probe";

	private static final String NOTIFY = "select pg_notify('" + CHANNEL + "', '')";

	private static final Duration TIMEOUT = Duration.ofSeconds(5);

	private final JdbcExecutor database;

	private boolean verified;

	private boolean warned;

	ListenerProbe(JdbcExecutor database) {
		this.database = database;
	}

	/**
	 * Checks a listening connection, and logs a warning if it receives nothing.
	 * @param receiver receives the signals that arrive in this time
	 * @throws SQLException if the connection is broken
	 */
	void run(Connection connection, ClusterSignal.Receiver receiver) throws SQLException {
		if (this.verified) {
			return;
		}
		execute(connection, "listen " + CHANNEL);
		try {
			this.database.execute((session) -> session.query(NOTIFY, (statement) -> {
			}, ResultSet::next));
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Could not check the listening connection", ex);
			return;
		}
		this.verified = await(connection.unwrap(PGConnection.class), receiver);
		if (this.verified) {
			execute(connection, "unlisten " + CHANNEL);
		}
		else if (!this.warned) {
			this.warned = true;
			logger
				.warn("The connection that listens to the signals of other nodes receives none, as behind a pooler in "
						+ "transaction mode such as PgBouncer. Events of other nodes are delayed by seconds. Set "
						+ "resumable-ws.cluster.signal=polling, or define a DataSource bean named "
						+ "resumableWsListenerDataSource that connects to Postgres directly");
		}
	}

	private boolean await(PGConnection connection, ClusterSignal.Receiver receiver) throws SQLException {
		long deadline = System.nanoTime() + TIMEOUT.toNanos();
		long left = TIMEOUT.toMillis();
		boolean received = false;
		while (!received && left > 0) {
			PGNotification[] notifications = connection.getNotifications((int) left);
			for (PGNotification notification : (notifications != null) ? notifications : new PGNotification[0]) {
				if (notification.getName().equals(CHANNEL)) {
					received = true;
				}
				else {
					receiver.received(notification.getParameter());
				}
			}
			left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
		}
		return received;
	}

	private static void execute(Connection connection, String sql) throws SQLException {
		try (Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
	}

}
