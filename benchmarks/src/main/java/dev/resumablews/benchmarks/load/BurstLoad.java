package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.wire.ReplyOrder;

/**
 * Requests replies that the server sends as fast as it can.
 */
final class BurstLoad extends ReplyWorkload {

	private final LoadRequest.Burst request;

	BurstLoad(EventLoop loop, LoadRequest.Burst request) {
		super(loop, request.dialect(), request.ports(), request.sessions(), new ReplyOrder(request.tokens(), 0),
				request.watched());
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		connectAll();
		long nanos = 0;
		local().between(System.nanoTime(), Long.MAX_VALUE);
		remote().between(System.nanoTime(), Long.MAX_VALUE);
		for (int burst = 1; burst <= this.request.bursts(); burst++) {
			int replies = burst;
			long start = System.nanoTime();
			requesters().forEach(this::requestReply);
			if (!until(TIMEOUT, () -> receivedAll(replies))) {
				problem("not all replies ended within " + TIMEOUT);
				break;
			}
			nanos += Math.max(local().lastArrival(), remote().lastArrival()) - start;
		}
		closeAll();
		Map<String, Double> values = new TreeMap<>();
		values.put("deltas/s", local().count() * 1e9 / nanos);
		values.put(LoadResult.TOKENS, (double) local().count());
		local().report("", values);
		if (this.request.watched()) {
			remote().report("remote.", values);
		}
		return values;
	}

}
