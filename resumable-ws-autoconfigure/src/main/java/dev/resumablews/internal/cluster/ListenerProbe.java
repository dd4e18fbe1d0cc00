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
 * Finds out whether the connection that listens can hear: a pooler in transaction mode
 * accepts {@code LISTEN} and delivers nothing. Notifies a separate channel from another
 * connection, and waits for the notification until it was heard once. Used by the
 * listener's thread.
 */
final class ListenerProbe {

	private static final Log logger = LogFactory.getLog(PostgresListener.class);

	/**
	 * One for all nodes: to hear the notification of another node will do.
	 */
	private static final String CHANNEL = "resumable_ws_probe";

	private static final String NOTIFY = "select pg_notify('" + CHANNEL + "', '')";

	private static final Duration PATIENCE = Duration.ofSeconds(5);

	private final JdbcExecutor database;

	private boolean heard;

	private boolean warned;

	ListenerProbe(JdbcExecutor database) {
		this.database = database;
	}

	/**
	 * Probes a connection that listens, and warns if it does not hear.
	 * @param receiver gets what is heard from other nodes in this time
	 * @throws SQLException if the connection is broken
	 */
	void run(Connection connection, ClusterSignal.Receiver receiver) throws SQLException {
		if (this.heard) {
			return;
		}
		execute(connection, "listen " + CHANNEL);
		try {
			this.database.execute((session) -> session.query(NOTIFY, (statement) -> {
			}, ResultSet::next));
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Whether the listening connection hears is not known", ex);
			return;
		}
		this.heard = await(connection.unwrap(PGConnection.class), receiver);
		if (this.heard) {
			execute(connection, "unlisten " + CHANNEL);
		}
		else if (!this.warned) {
			this.warned = true;
			logger.warn("The connection that listens to the signals of other nodes hears none, as behind a pooler in "
					+ "transaction mode, such as PgBouncer, so events of other nodes come seconds late. Set "
					+ "resumable-ws.cluster.signal=polling, or define a DataSource bean named "
					+ "resumableWsListenerDataSource that connects to Postgres directly");
		}
	}

	private boolean await(PGConnection connection, ClusterSignal.Receiver receiver) throws SQLException {
		long deadline = System.nanoTime() + PATIENCE.toNanos();
		long left = PATIENCE.toMillis();
		boolean heard = false;
		while (!heard && left > 0) {
			PGNotification[] notifications = connection.getNotifications((int) left);
			for (PGNotification notification : (notifications != null) ? notifications : new PGNotification[0]) {
				if (notification.getName().equals(CHANNEL)) {
					heard = true;
				}
				else {
					receiver.received(notification.getParameter());
				}
			}
			left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
		}
		return heard;
	}

	private static void execute(Connection connection, String sql) throws SQLException {
		try (Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
	}

}
