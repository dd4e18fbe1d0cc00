package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Cuts each client at random times, which depend on the seed only and not on the server.
 */
final class JitterLoad extends Deliveries {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

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
		connectAll();
		long start = System.nanoTime();
		long seed = this.request.crowd().seed();
		recipients()
			.forEach((recipient) -> cutLater(recipient, new Random(seed * 31_000_003 + recipient.session()), start));
		publisher().begin();
		Duration span = Duration.ofMillis(this.request.crowd().messages() * this.request.crowd().periodMillis());
		until(span.plus(TIMEOUT), () -> publisher().hasEnded());
		this.over = true;
		if (!until(TIMEOUT, this::isSettled)) {
			problem("not all clients returned within " + TIMEOUT);
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
	 * Cuts a recipient after an exponentially distributed time.
	 * @param random source of this recipient's cuts only
	 * @param connected time at which the recipient connects or has connected
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
		// without a client, the recipient backs off and has no connection to cut
		if (client != null) {
			this.cuts++;
			client.cut();
			loop().at(back, () -> connect(recipient));
		}
		cutLater(recipient, random, back);
	}

}
