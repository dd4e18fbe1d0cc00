package dev.resumablews.internal.cluster;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Executor;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * Listens to a channel of Postgres, on a thread and a connection of its own. A connection
 * that is silent is asked whether it still works, and one that does not is replaced; what
 * was missed in between is caught up with.
 */
final class PostgresListener {

	private static final Log logger = LogFactory.getLog(PostgresListener.class);

	private static final int SILENCE_MILLIS = 10_000;

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private static final Executor SAME_THREAD = Runnable::run;

	private final ListenerConnections connections;

	private final String channel;

	private final int timeoutMillis;

	private final OutageLog trouble = new OutageLog("Listening to the signals of other nodes");

	private final Pause pause = new Pause();

	private @Nullable Thread thread;

	private volatile @Nullable Connection connection;

	/**
	 * Creates it.
	 * @param timeoutMillis how long Postgres may take to answer
	 */
	PostgresListener(ListenerConnections connections, String channel, int timeoutMillis) {
		this.connections = connections;
		this.channel = channel;
		this.timeoutMillis = timeoutMillis;
	}

	void start(ClusterSignal.Receiver receiver) {
		Thread thread = new Thread(() -> run(receiver), "resumable-ws-listen");
		thread.setDaemon(true);
		thread.start();
		this.thread = thread;
	}

	void close() {
		this.pause.end();
		Connection connection = this.connection;
		if (connection != null) {
			abort(connection);
		}
		if (this.thread != null) {
			Stopping.join(this.thread, STOP_TIMEOUT);
		}
	}

	private void run(ClusterSignal.Receiver receiver) {
		try {
			for (int failures = 0; !this.pause.hasEnded();) {
				Listening listening = new Listening(receiver);
				try {
					listening.run();
				}
				catch (SQLException | RuntimeException ex) {
					if (!this.pause.hasEnded()) {
						this.trouble.failed(ex);
						failures = listening.succeeded ? 1 : failures + 1;
						this.pause.await(failures);
					}
				}
			}
		}
		catch (InterruptedException ex) {
			// stopped, and out of time
		}
	}

	private static void abort(Connection connection) {
		try {
			connection.abort(SAME_THREAD);
		}
		catch (SQLException ex) {
			logger.debug("A connection could not be closed", ex);
		}
	}

	/**
	 * One connection's life.
	 */
	private final class Listening {

		private final ClusterSignal.Receiver receiver;

		private boolean succeeded;

		Listening(ClusterSignal.Receiver receiver) {
			this.receiver = receiver;
		}

		void run() throws SQLException {
			Connection connection = PostgresListener.this.connections.open();
			try {
				PostgresListener.this.connection = connection;
				listen(connection);
			}
			finally {
				PostgresListener.this.connection = null;
				// also out of a pool, which must not be given one that listens
				abort(connection);
			}
		}

		private void listen(Connection connection) throws SQLException {
			connection.setNetworkTimeout(SAME_THREAD, PostgresListener.this.timeoutMillis);
			connection.setAutoCommit(true);
			execute(connection, "set application_name = 'resumable-ws listener'");
			execute(connection, "listen \"" + PostgresListener.this.channel + "\"");
			PGConnection postgres = connection.unwrap(PGConnection.class);
			this.succeeded = true;
			PostgresListener.this.trouble.worked();
			this.receiver.missed();
			while (!PostgresListener.this.pause.hasEnded()) {
				PGNotification[] notifications = postgres.getNotifications(SILENCE_MILLIS);
				if (notifications == null || notifications.length == 0) {
					execute(connection, "select 1");
					continue;
				}
				for (PGNotification notification : notifications) {
					this.receiver.received(notification.getParameter());
				}
			}
		}

		private static void execute(Connection connection, String sql) throws SQLException {
			try (Statement statement = connection.createStatement()) {
				statement.execute(sql);
			}
		}

	}

}
