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
 * Reads the table of signals at an interval, on its own thread, while signals are needed.
 * Each look reads the rows after the last one that was seen, by the primary key, and that
 * one too:
 * <ol>
 * <li>If the last row is not there any more, the table was emptied by a crash or a
 * promotion, and signals were missed. The same holds after every failure, and when this
 * node has not read for a while.
 * <li>A transaction that commits late makes a row visible whose id is lower than one that
 * was seen. Ids that are missing are therefore read again, until they are found or so old
 * that their transaction has ended.
 * </ol>
 * The poller begins by inserting a row, so there always is a last row. A signal whose id
 * is lower is about something that was committed before that, which is found by looking
 * everything up once.
 */
final class SignalPoller {

	/**
	 * After a longer time without a look, there may be many signals, and the first of
	 * them may be gone. Far less than the time for which they are kept.
	 */
	static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

	/**
	 * Longer than a statement of the library may take.
	 */
	private static final Duration LONGEST_INSERT = Duration.ofMinutes(1);

	private static final int MAX_MISSING = 1000;

	/**
	 * A text that is no signal.
	 */
	private static final List<String> BEGINNING = List.of("");

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final SignalTable table;

	private final ClusterSignal.Receiver receiver;

	private final Duration interval;

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-poll", "Reading the signals of other nodes",
			Cluster.BACK_OFF, this::step);

	/**
	 * The row with the highest id that was seen; null before the beginning and after a
	 * failure. Like all that follows, used by the loop's thread.
	 */
	private @Nullable Row last;

	/**
	 * Lower ids that were not visible, with the time at which that was noticed.
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
	 * Returns since when the table cannot be read; null if it can.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	private void step(SupervisedLoop.Control control) throws InterruptedException {
		if (this.receiver.needed()) {
			Row last = this.last;
			long pause = System.nanoTime() - this.readAt;
			this.readAt = System.nanoTime();
			// stays so if this fails
			this.last = null;
			this.last = (last != null && pause < LONGEST_PAUSE.toNanos()) ? read(last) : begin();
		}
		control.await(this.interval);
	}

	/**
	 * Notes the place in the table first, so that nothing falls between the two.
	 */
	private Row begin() {
		Row beginning = this.table.insert(BEGINNING).get(0);
		this.missing.clear();
		this.receiver.missed();
		return beginning;
	}

	private Row read(Row last) {
		this.missing.values().removeIf((since) -> this.readAt - since >= LONGEST_INSERT.toNanos());
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
	 * Notes ids that were passed over.
	 * @return false if they are too many to read them again
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
