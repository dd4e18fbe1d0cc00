package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Each client is cut at random. The times of the cuts depend on the seed only, not on the
 * server.
 */
final class JitterLoad extends Deliveries {

	private static final Duration LONGEST = Duration.ofSeconds(60);

	private final LoadRequest.Jitter request;

	private final Latencies replays = new Latencies();

	private int cuts;

	private boolean over;

	JitterLoad(EventLoop loop, LoadRequest.Jitter request) {
		super(loop, request.crowd());
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		gather();
		long start = System.nanoTime();
		long seed = this.request.crowd().seed();
		recipients()
			.forEach((recipient) -> cutLater(recipient, new Random(seed * 31_000_003 + recipient.session()), start));
		publisher().begin();
		Duration span = Duration.ofMillis(this.request.crowd().messages() * this.request.crowd().periodMillis());
		until(span.plus(LONGEST), () -> publisher().hasEnded());
		this.over = true;
		if (!until(LONGEST, this::isSettled)) {
			problem("not all clients came back within " + LONGEST);
		}
		closeAll();
		Map<String, Double> values = new TreeMap<>();
		report(values);
		values.put("cuts", (double) this.cuts);
		values.put("replays", (double) this.replays.count());
		this.replays.report("", values);
		return values;
	}

	@Override
	void opened(Recipient recipient, WsClient client, boolean missed) {
	}

	@Override
	void caughtUp(Recipient recipient, WsClient client) {
		this.replays.record(System.nanoTime() - client.opened());
	}

	@Override
	boolean isOutage() {
		return false;
	}

	/**
	 * Cuts a recipient after a time of the exponential distribution.
	 * @param random the recipient's, used for nothing else
	 * @param connected when it connects, or has connected
	 */
	private void cutLater(Recipient recipient, Random random, long connected) {
		double mean = this.request.cutEveryMillis() - this.request.cutForMillis();
		double millis = -mean * Math.log(1 - random.nextDouble());
		long time = connected + (long) (millis * 1e6);
		loop().at(time, () -> cut(recipient, random, time));
	}

	private void cut(Recipient recipient, Random random, long time) {
		if (this.over) {
			return;
		}
		long back = time + this.request.cutForMillis() * 1_000_000;
		WsClient client = recipient.client();
		// without a client, it waits for its back-off and is cut already
		if (client != null) {
			this.cuts++;
			client.cut();
			loop().at(back, () -> connect(recipient));
		}
		cutLater(recipient, random, back);
	}

}
