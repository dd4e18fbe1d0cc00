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
 * Signals by Postgres {@code NOTIFY}. They are sent after the log's commit and apart from
 * it, because {@code NOTIFY} takes a lock on the whole database while it commits, and
 * would make the batches of all nodes wait for each other. That lock is the reason why
 * the commit of a signal does not wait for the disk either: a signal that is lost in a
 * crash is no loss.
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
	 * Bytes of an identifier in Postgres.
	 */
	private static final int MAX_CHANNEL_LENGTH = 63;

	private final JdbcExecutor database;

	private final ListenerConnections connections;

	private final String channel;

	private final int timeoutMillis;

	private volatile @Nullable PostgresListener listener;

	/**
	 * Creates it.
	 * @param database sends
	 * @param connections gives a connection to receive with
	 * @param timeout how long Postgres may take to answer
	 */
	PostgresSignal(JdbcExecutor database, ListenerConnections connections, SchemaName schema, Duration timeout) {
		this.database = database.reserved();
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
