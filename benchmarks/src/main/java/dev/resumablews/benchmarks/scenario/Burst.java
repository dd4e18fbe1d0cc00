package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures replies that are as fast as the model sends them.
 */
final class Burst implements Scenario {

	private static final int SESSIONS = 100;

	private static final String RATE = "deltas/s";

	@Override
	public String group() {
		return "burst";
	}

	@Override
	public String title() {
		return "burst: %d sessions, %d deltas each, as fast as the model sends".formatted(SESSIONS, Replies.TOKENS);
	}

	@Override
	public List<String> variants() {
		return List.of(Kind.OURS.variant(), Kind.SOCKETIO.variant(), Kind.RECIPE_DURABLE.variant(),
				Kind.RECIPE.variant(), Kind.BARE.variant(), Kind.OURS_SPRING_AI.variant(),
				Kind.BARE_SPRING_AI.variant());
	}

	@Override
	public List<Metric> metrics() {
		return List.of(Metric.rate(RATE), Metric.millis("p50"), Metric.millis("p99"), new Metric("missing", "missing"),
				Bench.CPU, Bench.CPU_OF_TOKEN, Bench.POSTGRES_CPU_OF_TOKEN);
	}

	@Override
	public List<Target> targets() {
		return List.of(
				Target.ratio("burst: deltas/s against Socket.IO's", figure(Kind.OURS, RATE),
						figure(Kind.SOCKETIO, RATE), true, 1),
				Target.ratio("burst: deltas/s against the durable recipe's", figure(Kind.OURS, RATE),
						figure(Kind.RECIPE_DURABLE, RATE), true, 3),
				Target.ratio("burst: server CPU of a delta through Spring AI against Spring AI alone",
						figure(Kind.OURS_SPRING_AI, Bench.CPU_OF_TOKEN.name()),
						figure(Kind.BARE_SPRING_AI, Bench.CPU_OF_TOKEN.name()), false, 1.1));
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = Replies.server(variant);
		Server server = Replies.warm(spec, bench);
		return bench.load(new LoadRequest.Burst(List.of(server.port()), Replies.dialect(spec), SESSIONS, Replies.TOKENS,
				bench.choose(10, 4), false), server);
	}

	private static Target.Figure figure(Kind kind, String name) {
		return new Target.Figure("burst", kind.variant(), name);
	}

}
