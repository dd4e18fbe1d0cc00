package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures the time until an event has reached many connections of one session.
 */
final class Fanout implements Scenario {

	private static final int CONNECTIONS = 1000;

	private static final long PERIOD_MICROS = 100_000;

	private static final int SEEDED = 1000;

	private static final String LAST = "last.p50";

	private int used;

	@Override
	public String group() {
		return "fanout";
	}

	@Override
	public String title() {
		return "fanout: one event to %,d connections of one session, ten times a second".formatted(CONNECTIONS);
	}

	@Override
	public List<String> variants() {
		return List.of(Kind.OURS.variant(), Kind.BARE.variant());
	}

	@Override
	public List<Metric> metrics() {
		return List.of(new Metric(LAST, "ms to the last, p50"), new Metric("last.p99", "ms p99"),
				new Metric("each.p50", "ms to each, p50"));
	}

	@Override
	public List<Target> targets() {
		return List.of(Target.ratio("fanout: time to the last against the bare handler's",
				new Target.Figure(group(), Kind.OURS.variant(), LAST),
				new Target.Figure(group(), Kind.BARE.variant(), LAST), false, 2));
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = Replies.server(variant)
			.ours("resumable-ws.connection.max-per-session=" + CONNECTIONS,
					"resumable-ws.connection.max-per-user=" + CONNECTIONS * 2);
		Server server = bench.server(spec, (fresh) -> {
			new Tables(bench.postgres(), spec).seed(SEEDED, 0);
			bench.warmUp(spec, fresh, () -> fanout(fresh, 30, PERIOD_MICROS / 2, bench));
		});
		return fanout(server, bench.choose(50, 20), PERIOD_MICROS, bench);
	}

	/**
	 * Publishes in another session each time, so that earlier events are not replayed.
	 */
	private Map<String, Double> fanout(Server server, int events, long periodMicros, Bench bench) {
		int session = this.used++ % SEEDED;
		return bench.load(new LoadRequest.Fanout(server.port(), session, CONNECTIONS, events, periodMicros));
	}

}
