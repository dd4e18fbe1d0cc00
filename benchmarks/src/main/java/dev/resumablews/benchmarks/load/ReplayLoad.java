package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.wire.Seeds;

/**
 * Resumes sessions from their first event, all simultaneously or a few at a time.
 */
final class ReplayLoad extends Workload {

	/**
	 * A prime, so that no session repeats before all have been resumed.
	 */
	private static final long STRIDE = 7919;

	private static final Duration TIMEOUT = Duration.ofMinutes(2);

	private final LoadRequest.Replay request;

	private final Latencies caughtUp = new Latencies();

	private long events;

	private int opened;

	private int ended;

	ReplayLoad(EventLoop loop, LoadRequest.Replay request) {
		super(loop, "json");
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		long start = System.nanoTime();
		while (this.opened < Math.min(this.request.parallel(), this.request.replays())) {
			next();
		}
		boolean complete = until(TIMEOUT, () -> this.ended == this.request.replays());
		double seconds = (System.nanoTime() - start) / 1e9;
		closeAll();
		if (!complete) {
			problem("not all sessions caught up within " + TIMEOUT);
		}
		long missing = (long) this.request.replays() * this.request.events() - this.events;
		Map<String, Double> values = new TreeMap<>();
		values.put("events/s", this.events / seconds);
		values.put("missing", (double) missing);
		this.caughtUp.report("", values);
		return values;
	}

	@Override
	public void onMessage(WsClient client, Line line) {
		if (line.is(EVENT)) {
			this.events++;
		}
		else if (line.is(REPLAY_COMPLETE)) {
			this.caughtUp.record(System.nanoTime() - client.requested());
			this.ended++;
			if (this.request.parallel() < this.request.replays()) {
				client.close();
			}
			if (this.opened < this.request.replays()) {
				next();
			}
		}
	}

	private void next() {
		int session = (int) ((long) this.opened++ * STRIDE % this.request.seeded());
		open(this.request.port(), session, Seeds.sessionId(session).toString());
	}

}
