package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.internal.cluster.SignalTable.Row;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import org.jspecify.annotations.Nullable;

/**
 * Polls the table of signals on its own thread while signals are needed. Each poll reads
 * by primary key, starting with the last row already read:
 * <ol>
 * <li>If the last row no longer exists, a crash or a promotion emptied the table and
 * signals were missed. The same applies after every failure, and when this node has not
 * polled for a while.
 * <li>A transaction that commits late makes a row visible whose id is lower than that of
 * the last row. Missing ids are therefore read again, until they are found or are so old
 * that their transaction has ended.
 * </ol>
 * The poller starts by inserting a row, so a last row always exists. A signal with a
 * lower id refers to an earlier commit, which the initial read of all sessions covers.
 */
final class SignalPoller {

	/**
	 * Maximum time between two polls without treating signals as missed. After a longer
	 * time there may be too many, and the first may have been deleted. Much shorter than
	 * their retention.
	 */
	static final Duration MAX_PAUSE = Duration.ofSeconds(10);

	/**
	 * Longer than the timeout of any statement.
	 */
	private static final Duration MAX_INSERT_TIME = Duration.ofMinutes(1);

	private static final int MAX_MISSING = 1000;

	/**
	 * A message that is not a signal.
	 */
	private static final List<String> BEGINNING = List.of("");

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final SignalTable table;

	private final ClusterSignal.Receiver receiver;

	private final Duration interval;

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-poll", "Reading the signals of other nodes",
			Cluster.BACK_OFF, this::step);

	/**
	 * Row with the highest id read so far; null at the start and after a failure. This
	 * field and the following ones are used by the loop's thread.
	 */
	private @Nullable Row last;

	/**
	 * Lower ids that were not visible, with the time at which they were noticed.
	 */
	private final Map<Long, Long> missing = new HashMap<>();

	private long readAt;

	SignalPoller(SignalTable table, ClusterSignal.Receiver receiver, Duration interval) {
		this.table = table;
		this.receiver = receiver;
		this.interval = interval;
	}

	void start() {
		this.loop.start();
	}

	void stop() {
		this.loop.stop(STOP_TIMEOUT);
	}

	/**
	 * Returns the current outage of polling; null if there is none.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	private void step(SupervisedLoop.Control control) throws InterruptedException {
		if (this.receiver.needed()) {
			Row last = this.last;
			long pause = System.nanoTime() - this.readAt;
			this.readAt = System.nanoTime();
			// remains null if this fails
			this.last = null;
			this.last = (last != null && pause < MAX_PAUSE.toNanos()) ? read(last) : begin();
		}
		control.await(this.interval);
	}

	/**
	 * Records the position in the table before the receiver reads everything, so that no
	 * signal is missed in between.
	 */
	private Row begin() {
		Row beginning = this.table.insert(BEGINNING).get(0);
		this.missing.clear();
		this.receiver.missed();
		return beginning;
	}

	private Row read(Row last) {
		this.missing.values().removeIf((since) -> this.readAt - since >= MAX_INSERT_TIME.toNanos());
		Row newest = last;
		List<Row> rows;
		do {
			rows = this.table.read(newest.id(), this.missing.keySet());
			if (!rows.contains(newest)) {
				return begin();
			}
			for (Row row : rows) {
				if (row.id() > newest.id()) {
					if (!noteMissing(newest.id() + 1, row.id())) {
						return begin();
					}
					newest = row;
					this.receiver.received(row.text());
				}
				else if (this.missing.remove(row.id()) != null) {
					this.receiver.received(row.text());
				}
			}
		}
		while (rows.size() >= SignalTable.PAGE);
		return newest;
	}

	/**
	 * Records skipped ids.
	 * @return false if there are too many to read again
	 */
	private boolean noteMissing(long from, long to) {
		if (to - from + this.missing.size() > MAX_MISSING) {
			return false;
		}
		for (long id = from; id < to; id++) {
			this.missing.put(id, this.readAt);
		}
		return true;
	}

}
