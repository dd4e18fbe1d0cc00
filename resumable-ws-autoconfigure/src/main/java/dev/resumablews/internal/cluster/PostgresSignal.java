package dev.resumablews.internal.cluster;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;

import javax.sql.DataSource;

import dev.resumablews.internal.schema.SchemaName;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Signals by Postgres {@code NOTIFY}. They are sent after the log's commit and apart from
 * it, because {@code NOTIFY} takes a lock on the whole database while it commits, and
 * would make the batches of all nodes wait for each other. That lock is the reason why
 * the commit of a signal does not wait for the disk either: a signal that is lost in a
 * crash is no loss.
 */
final class PostgresSignal implements ClusterSignal {

	private static final Log logger = LogFactory.getLog(PostgresSignal.class);

	private static final String SQL = """
			with quick as materialized (
				select set_config('synchronous_commit', 'off', true)
			)
			select pg_notify(?, text)
			from quick, unnest(?::text[]) as text
			""";

	/**
	 * Bytes of an identifier in Postgres.
	 */
	private static final int MAX_CHANNEL_LENGTH = 63;

	private static final Executor SAME_THREAD = Runnable::run;

	private final DataSource dataSource;

	private final ListenerConnections connections;

	private final String channel;

	private final int timeoutMillis;

	private @Nullable PostgresListener listener;

	/**
	 * Creates it.
	 * @param dataSource the pool to send with
	 * @param connections gives a connection to receive with
	 * @param timeout how long Postgres may take to answer
	 */
	PostgresSignal(DataSource dataSource, ListenerConnections connections, SchemaName schema, Duration timeout) {
		this.dataSource = dataSource;
		this.channel = channel(schema);
		this.timeoutMillis = Math.toIntExact(timeout.toMillis());
		this.connections = connections;
	}

	/**
	 * Names the channel. Those of one database who share it by accident do no harm, as
	 * they do not know each other's sessions.
	 */
	static String channel(SchemaName schema) {
		String channel = schema.value().isEmpty() ? "resumable_ws" : "resumable_ws_" + schema.value();
		return (channel.length() <= MAX_CHANNEL_LENGTH) ? channel
				: "resumable_ws_" + UUID.nameUUIDFromBytes(channel.getBytes(StandardCharsets.UTF_8));
	}

	@Override
	public void start(Receiver receiver) {
		PostgresListener listener = new PostgresListener(this.connections, this.channel, this.timeoutMillis);
		listener.start(receiver);
		this.listener = listener;
	}

	@Override
	public void send(List<String> texts) throws SQLException {
		try (Connection connection = this.dataSource.getConnection()) {
			int timeoutBefore = connection.getNetworkTimeout();
			boolean autoCommitBefore = connection.getAutoCommit();
			connection.setNetworkTimeout(SAME_THREAD, this.timeoutMillis);
			connection.setAutoCommit(true);
			try (PreparedStatement statement = connection.prepareStatement(SQL)) {
				statement.setString(1, this.channel);
				statement.setArray(2, connection.createArrayOf("text", texts.toArray()));
				statement.executeQuery().close();
			}
			finally {
				restore(connection, autoCommitBefore, timeoutBefore);
			}
		}
	}

	@Override
	public void close() {
		if (this.listener != null) {
			this.listener.close();
		}
	}

	private static void restore(Connection connection, boolean autoCommit, int timeoutMillis) {
		try {
			connection.setAutoCommit(autoCommit);
			connection.setNetworkTimeout(SAME_THREAD, timeoutMillis);
		}
		catch (SQLException ex) {
			logger.debug("A connection could not be left as it was found", ex);
		}
	}

}
