package dev.resumablews.benchmarks.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures delivery over an unreliable network: connections break at random, and events
 * that are published in the meantime are replayed.
 */
final class Jitter implements Scenario {

	private final Crowds crowds;

	private final int cutEveryMillis;

	private final int cutForMillis;

	Jitter(Parameters parameters) {
		this.crowds = new Crowds(parameters, parameters.number(Parameter.JITTER_CLIENTS), Parameter.JITTER_MESSAGES,
				Parameter.JITTER_PERIOD);
		this.cutEveryMillis = parameters.number(Parameter.JITTER_CUT_EVERY);
		this.cutForMillis = parameters.number(Parameter.JITTER_CUT_FOR);
	}

	@Override
	public String group() {
		return "jitter";
	}

	@Override
	public String title() {
		return "jitter: %s, and are cut every %,d ms on average, for %,d ms".formatted(this.crowds.describe(),
				this.cutEveryMillis, this.cutForMillis);
	}

	@Override
	public List<String> variants() {
		return Crowds.variants();
	}

	@Override
	public List<Metric> metrics() {
		List<Metric> metrics = new ArrayList<>(Crowds.metrics());
		metrics.addAll(List.of(new Metric("p50", "ms p50 of the replay"), Metric.millis("p99"), Metric.millis("max"),
				new Metric("cuts", "cuts"), new Metric("replays", "replays"), Bench.CPU));
		return metrics;
	}

	@Override
	public List<Target> targets() {
		List<Target> targets = new ArrayList<>(Crowds.targets(name()));
		targets.add(
				Target.atMost("jitter: p99 of the replay", new Target.Figure(name(), Kind.OURS.variant(), "p99"), 500));
		return targets;
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = Replies.server(variant);
		Server server = bench.server(spec, (fresh) -> {
			Replies.warmUp(spec, fresh, bench);
			this.crowds.seed(spec, bench);
		});
		LoadRequest.Crowd crowd = this.crowds.next(variant, spec, server, bench);
		return bench.load(new LoadRequest.Jitter(crowd, this.cutEveryMillis, this.cutForMillis), server);
	}

}
