package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures clients that connect with a token, wait until they have caught up, and
 * disconnect.
 */
final class Connect implements Scenario {

	private static final int PARALLEL = 32;

	private static final int SEEDED = 2000;

	private static final String RATE = "handshakes/s";

	private final boolean resumed;

	private Connect(boolean resumed) {
		this.resumed = resumed;
	}

	static List<Scenario> all() {
		return List.of(new Connect(false), new Connect(true));
	}

	@Override
	public String group() {
		return "connect";
	}

	@Override
	public String name() {
		return this.resumed ? "connect-resumed" : "connect-new";
	}

	@Override
	public String title() {
		return "connect: %s sessions, %d clients at a time".formatted(this.resumed ? "resumed" : "new", PARALLEL);
	}

	@Override
	public List<String> variants() {
		return List.of(Kind.OURS.variant(), Kind.RECIPE.variant(), Kind.BARE.variant());
	}

	@Override
	public List<Metric> metrics() {
		return List.of(Metric.rate(RATE), Metric.millis("p50"), Metric.millis("p99"));
	}

	@Override
	public List<Target> targets() {
		return List.of(Target.ratio("%s: handshakes/s against the recipe's".formatted(name()),
				new Target.Figure(name(), Kind.OURS.variant(), RATE),
				new Target.Figure(name(), Kind.RECIPE.variant(), RATE), true, 1.5));
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = Replies.server(variant);
		Tables tables = new Tables(bench.postgres(), spec);
		Server server = bench.server(spec, (fresh) -> {
			tables.seed(SEEDED, 0);
			bench.warmUp(spec, fresh, () -> {
				load(fresh, false, bench.choose(5000, 3000), bench);
				load(fresh, true, bench.choose(5000, 3000), bench);
			});
		});
		tables.clear();
		tables.seed(SEEDED, 0);
		return load(server, this.resumed, bench.choose(6000, 3000), bench);
	}

	private static Map<String, Double> load(Server server, boolean resumed, int millis, Bench bench) {
		return bench.load(new LoadRequest.Connect(server.port(), PARALLEL, resumed ? SEEDED : 0, millis));
	}

}
