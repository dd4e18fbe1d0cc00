package dev.resumablews.internal.cluster;

import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.schema.SchemaName;
import org.jspecify.annotations.Nullable;

/**
 * Signals through Postgres {@code NOTIFY}. They are sent in a separate transaction after
 * the commit of the log, because {@code NOTIFY} takes a database-wide lock while it
 * commits, which would serialize the batches of all nodes. Because of that lock, the
 * commit of a signal does not wait for the disk: losing a signal in a crash is harmless.
 */
final class PostgresSignal implements ClusterSignal {

	private static final String SQL = """
			with async_commit as materialized (
				select set_config('synchronous_commit', 'off', true)
			)
			select pg_notify(?, text)
			from async_commit, unnest(?::text[]) as text
			""";

	/**
	 * Maximum length of a Postgres identifier in bytes.
	 */
	private static final int MAX_CHANNEL_LENGTH = 63;

	private final JdbcExecutor database;

	private final ListenerConnections connections;

	private final String channel;

	private final int timeoutMillis;

	private volatile @Nullable PostgresListener listener;

	/**
	 * Creates the signal.
	 * @param database sends the signals
	 * @param connections opens the connection that listens
	 * @param timeout timeout of statements
	 */
	PostgresSignal(JdbcExecutor database, ListenerConnections connections, SchemaName schema, Duration timeout) {
		this.database = database.reserved();
		this.channel = channel(schema);
		this.timeoutMillis = Math.toIntExact(timeout.toMillis());
		this.connections = connections;
	}

	/**
	 * Returns the name of the channel. Applications in one database that share a channel
	 * by accident ignore each other's signals, because the sessions are unknown to them.
	 */
	static String channel(SchemaName schema) {
		String channel = schema.value().isEmpty() ? "resumable_ws" : "resumable_ws_" + schema.value();
		return (channel.length() <= MAX_CHANNEL_LENGTH) ? channel
				: "resumable_ws_" + UUID.nameUUIDFromBytes(channel.getBytes(StandardCharsets.UTF_8));
	}

	@Override
	public void start(Receiver receiver) {
		PostgresListener listener = new PostgresListener(this.connections, this.channel, this.timeoutMillis,
				new ListenerProbe(this.database));
		listener.start(receiver);
		this.listener = listener;
	}

	@Override
	public void send(List<String> texts) {
		this.database.execute((session) -> session.query(SQL, (statement) -> {
			statement.setString(1, this.channel);
			statement.setArray(2, statement.getConnection().createArrayOf("text", texts.toArray()));
		}, ResultSet::next));
	}

	@Override
	public String kind() {
		return "postgres";
	}

	@Override
	public boolean isConnected() {
		PostgresListener listener = this.listener;
		return listener != null && listener.isListening();
	}

	@Override
	public @Nullable Outage outage() {
		PostgresListener listener = this.listener;
		return (listener != null) ? listener.outage() : null;
	}

	@Override
	public void close() {
		PostgresListener listener = this.listener;
		if (listener != null) {
			listener.close();
		}
	}

}
