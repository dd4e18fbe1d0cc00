package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures whether a replay takes longer when the table is large.
 */
final class Growth implements Scenario {

	private static final int EVENTS = 200;

	private static final int REPLAYS = 2000;

	private static final int PARALLEL = 4;

	private static final String SMALL = "10-thousand";

	private static final String LARGE = "10-million";

	@Override
	public String group() {
		return "growth";
	}

	@Override
	public String title() {
		return "growth: replaying %d events, with 10 thousand and 10 million events in the table".formatted(EVENTS);
	}

	@Override
	public List<String> variants() {
		return List.of(SMALL, LARGE);
	}

	@Override
	public List<Metric> metrics() {
		return List.of(Metric.millis("p99"), Metric.millis("p50"), Metric.rate("events/s"),
				new Metric("missing", "missing"));
	}

	@Override
	public List<Target> targets() {
		return List.of(Target.ratio("growth: p99 with 10 million events against 10 thousand",
				new Target.Figure(group(), LARGE, "p99"), new Target.Figure(group(), SMALL, "p99"), false, 1.3));
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = ServerSpec.of(Kind.OURS).database(variant.replace('-', '_'));
		int sessions = variant.equals(SMALL) ? 50 : bench.choose(50_000, 2_000);
		Server server = bench.server(spec, (fresh) -> {
			new Tables(bench.postgres(), spec).seed(sessions, EVENTS);
			bench.warmUp(spec, fresh, () -> replay(fresh, sessions, bench));
		});
		return replay(server, sessions, bench);
	}

	private static Map<String, Double> replay(Server server, int sessions, Bench bench) {
		return bench.load(
				new LoadRequest.Replay(server.port(), sessions, bench.choose(REPLAYS, REPLAYS / 4), EVENTS, PARALLEL));
	}

}
