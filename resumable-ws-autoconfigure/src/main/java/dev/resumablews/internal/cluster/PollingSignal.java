package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.List;

import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Signals through a table that each node polls. Requires no state beyond a transaction,
 * so it works through a pooler.
 */
final class PollingSignal implements ClusterSignal {

	private final SignalTable table;

	private final Duration interval;

	private volatile @Nullable SignalPoller poller;

	/**
	 * Creates the signal.
	 * @param database inserts and reads the signals
	 * @param interval polling interval
	 */
	PollingSignal(JdbcExecutor database, Duration interval) {
		this.table = new SignalTable(database);
		this.interval = interval;
	}

	@Override
	public void start(Receiver receiver) {
		SignalPoller poller = new SignalPoller(this.table, receiver, this.interval);
		poller.start();
		this.poller = poller;
	}

	@Override
	public void send(List<String> texts) {
		this.table.insert(texts);
	}

	/**
	 * Returns 0, because ephemeral events must not be stored.
	 */
	@Override
	public int maxEphemeralBytes() {
		return 0;
	}

	@Override
	public String kind() {
		return "polling";
	}

	@Override
	public @Nullable Outage outage() {
		SignalPoller poller = this.poller;
		return (poller != null) ? poller.outage() : null;
	}

	@Override
	public void close() {
		SignalPoller poller = this.poller;
		if (poller != null) {
			poller.stop();
		}
	}

}
