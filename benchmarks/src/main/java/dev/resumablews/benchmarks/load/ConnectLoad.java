package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.wire.Seeds;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections, and closes each of them as soon as it is ready.
 */
final class ConnectLoad extends Workload {

	private static final int USERS = 500;

	private final LoadRequest.Connect request;

	private final Latencies latencies = new Latencies();

	private long end;

	private int opened;

	private int open;

	ConnectLoad(EventLoop loop, LoadRequest.Connect request) {
		super(loop, "json");
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		long start = System.nanoTime();
		this.end = start + this.request.millis() * 1_000_000;
		for (int i = 0; i < this.request.parallel(); i++) {
			next();
		}
		until(Duration.ofMillis(this.request.millis()), () -> false);
		double seconds = (System.nanoTime() - start) / 1e9;
		Map<String, Double> values = new TreeMap<>();
		values.put("handshakes/s", this.latencies.count() / seconds);
		this.latencies.report("", values);
		until(Duration.ofSeconds(5), () -> this.open == 0);
		closeAll();
		return values;
	}

	@Override
	public void onMessage(WsClient client, Line line) {
		if (line.is(REPLAY_COMPLETE)) {
			if (System.nanoTime() < this.end) {
				this.latencies.record(System.nanoTime() - client.requested());
			}
			client.close();
		}
	}

	@Override
	public void onClosed(WsClient client, @Nullable String problem) {
		super.onClosed(client, problem);
		clients().remove(client);
		this.open--;
		if (System.nanoTime() < this.end) {
			next();
		}
	}

	private void next() {
		int number = this.opened++;
		this.open++;
		if (this.request.sessions() == 0) {
			open(this.request.port(), number % USERS, null);
		}
		else {
			int session = number % this.request.sessions();
			open(this.request.port(), session, Seeds.sessionId(session).toString());
		}
	}

}
