package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.wire.Seeds;

/**
 * Publishes events in one session with many connections, each of which must receive each
 * event.
 */
final class FanoutLoad extends Workload {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private final LoadRequest.Fanout request;

	private final Latencies toTheLast = new Latencies();

	private final Latencies toEach = new Latencies();

	private final Map<Long, Integer> arrivals = new HashMap<>();

	private int ready;

	FanoutLoad(EventLoop loop, LoadRequest.Fanout request) {
		super(loop, "json");
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		for (int i = 0; i < this.request.connections(); i++) {
			open(this.request.port(), this.request.session(), Seeds.sessionId(this.request.session()).toString());
		}
		if (!until(TIMEOUT, () -> this.ready == this.request.connections())) {
			throw new IOException("%d of %d connections opened".formatted(this.ready, this.request.connections()));
		}
		publish();
		if (!until(TIMEOUT, () -> this.toTheLast.count() == this.request.events())) {
			problem("not every connection received every event");
		}
		closeAll();
		Map<String, Double> values = new TreeMap<>();
		this.toTheLast.report("last.", values);
		this.toEach.report("each.", values);
		return values;
	}

	@Override
	public void onMessage(WsClient client, Line line) {
		if (line.is(REPLAY_COMPLETE)) {
			this.ready++;
		}
		else if (line.is(EVENT)) {
			long now = System.nanoTime();
			line.forEachStamp((made) -> arrived(made, now));
		}
	}

	private void arrived(long made, long now) {
		this.toEach.record(now - made);
		if (this.arrivals.merge(made, 1, Integer::sum) == this.request.connections()) {
			this.toTheLast.record(now - made);
		}
	}

	private void publish() {
		URI uri = URI.create(
				"http://127.0.0.1:%d/bench/publish?session=%s&events=%d&periodMicros=%d".formatted(this.request.port(),
						Seeds.sessionId(this.request.session()), this.request.events(), this.request.periodMicros()));
		HttpClient.newHttpClient()
			.sendAsync(HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.noBody()).build(),
					BodyHandlers.discarding());
	}

}
