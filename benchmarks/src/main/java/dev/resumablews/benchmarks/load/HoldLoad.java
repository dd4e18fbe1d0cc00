package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/**
 * Opens connections that stay open until they are released.
 */
final class HoldLoad extends Workload {

	private static final Duration TIMEOUT = Duration.ofMinutes(3);

	private final LoadRequest.Hold request;

	private int opened;

	private int ready;

	HoldLoad(EventLoop loop, LoadRequest.Hold request) {
		super(loop, "json");
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		long start = System.nanoTime();
		if (!until(TIMEOUT, this::isOver)) {
			problem("only %d connections opened within %s".formatted(this.ready, TIMEOUT));
		}
		return Map.of("connections", (double) this.ready, "seconds", (System.nanoTime() - start) / 1e9);
	}

	/**
	 * Opens further connections, of which a few at a time wait for their session, so that
	 * the server rejects none.
	 */
	private boolean isOver() {
		while (this.opened < this.request.connections() && this.opened - this.ready < EventLoop.MAX_OPENING) {
			open(this.request.port(), this.opened++, null);
		}
		return this.ready == this.request.connections() || !problems().isEmpty();
	}

	@Override
	public void onMessage(WsClient client, Line line) {
		if (line.is(REPLAY_COMPLETE)) {
			this.ready++;
		}
	}

}
