package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.wire.ReplyOrder;

/**
 * Replies at a steady pace. Each session asks again as soon as a reply has ended, so that
 * at any time some replies begin and some end.
 */
final class PaceLoad extends Audience {

	private final LoadRequest.Pace request;

	private long end = Long.MAX_VALUE;

	private int asked;

	private int ended;

	PaceLoad(EventLoop loop, LoadRequest.Pace request) {
		super(loop, request.dialect(), request.ports(), request.sessions(),
				new ReplyOrder(request.tokens(), request.periodMicros()), request.watched());
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		gather();
		long start = System.nanoTime();
		long from = start + this.request.warmUpMillis() * 1_000_000;
		this.end = from + this.request.measureMillis() * 1_000_000;
		local().between(from, this.end);
		remote().between(from, this.end);
		beginOneAfterTheOther(start);
		until(Duration.ofNanos(this.end - System.nanoTime()), () -> System.nanoTime() >= this.end);
		if (!until(LONGEST, () -> this.ended == this.asked && watchersCaughtUp())) {
			problem("not all replies ended within " + LONGEST);
		}
		closeAll();
		Map<String, Double> values = new TreeMap<>();
		values.put("deltas/s", local().count() * 1000.0 / this.request.measureMillis());
		values.put(LoadResult.TOKENS, (double) this.ended * this.request.tokens());
		values.put("unheard", (double) (this.asked - this.ended));
		local().report("", values);
		if (this.request.watched()) {
			remote().report("remote.", values);
		}
		return values;
	}

	@Override
	void replied(SpokenTo asker) {
		this.ended++;
		if (System.nanoTime() < this.end) {
			begin(asker);
		}
	}

	/**
	 * Spreads the first replies over the time that one takes.
	 */
	private void beginOneAfterTheOther(long start) throws IOException {
		long span = this.request.tokens() * this.request.periodMicros() * 1000;
		for (int i = 0; i < askers().size(); i++) {
			long due = start + span * i / askers().size();
			until(Duration.ofNanos(Math.max(1, due - System.nanoTime())), () -> System.nanoTime() >= due);
			begin(askers().get(i));
		}
	}

	private void begin(SpokenTo asker) {
		this.asked++;
		ask(asker);
	}

}
