package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.wire.ReplyOrder;

/**
 * Requests replies at a steady pace. Each session requests another reply as soon as one
 * ends, so that the starts and ends of replies are spread over time.
 */
final class PaceLoad extends ReplyWorkload {

	private final LoadRequest.Pace request;

	private long end = Long.MAX_VALUE;

	private int requested;

	private int ended;

	PaceLoad(EventLoop loop, LoadRequest.Pace request) {
		super(loop, request.dialect(), request.ports(), request.sessions(),
				new ReplyOrder(request.tokens(), request.periodMicros()), request.watched());
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		connectAll();
		long start = System.nanoTime();
		long from = start + this.request.warmUpMillis() * 1_000_000;
		this.end = from + this.request.measureMillis() * 1_000_000;
		local().between(from, this.end);
		remote().between(from, this.end);
		beginStaggered(start);
		until(Duration.ofNanos(this.end - System.nanoTime()), () -> System.nanoTime() >= this.end);
		if (!until(TIMEOUT, () -> this.ended == this.requested && watchersCaughtUp())) {
			problem("not all replies ended within " + TIMEOUT);
		}
		closeAll();
		Map<String, Double> values = new TreeMap<>();
		values.put("deltas/s", local().count() * 1000.0 / this.request.measureMillis());
		values.put(LoadResult.TOKENS, (double) this.ended * this.request.tokens());
		values.put("unheard", (double) (this.requested - this.ended));
		local().report("", values);
		if (this.request.watched()) {
			remote().report("remote.", values);
		}
		return values;
	}

	@Override
	void replied(ReplyReceiver requester) {
		this.ended++;
		if (System.nanoTime() < this.end) {
			begin(requester);
		}
	}

	/**
	 * Spreads the first requests over the duration of a reply.
	 */
	private void beginStaggered(long start) throws IOException {
		long span = this.request.tokens() * this.request.periodMicros() * 1000;
		for (int i = 0; i < requesters().size(); i++) {
			long due = start + span * i / requesters().size();
			until(Duration.ofNanos(Math.max(1, due - System.nanoTime())), () -> System.nanoTime() >= due);
			begin(requesters().get(i));
		}
	}

	private void begin(ReplyReceiver requester) {
		this.requested++;
		requestReply(requester);
	}

}
