package dev.resumablews.benchmarks.scenario;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Kills and restarts the only server, to which all clients reconnect with their back-off.
 */
final class Avalanche implements Scenario {

	private static final Metric P95 = new Metric("p95", "ms p95 of those that caught up");

	private final Crowds crowds;

	private final int clients;

	private final int killAfterMillis;

	private final Map<String, ServerSpec> specs = new HashMap<>();

	private Avalanche(Parameters parameters, int clients) {
		this.crowds = new Crowds(parameters, clients, Parameter.AVALANCHE_MESSAGES, Parameter.AVALANCHE_PERIOD);
		this.clients = clients;
		this.killAfterMillis = parameters.number(Parameter.AVALANCHE_KILL_AFTER);
	}

	static List<Scenario> all(Parameters parameters) {
		return parameters.all(Parameter.AVALANCHE_CLIENTS)
			.stream()
			.<Scenario>map((clients) -> new Avalanche(parameters, clients))
			.toList();
	}

	@Override
	public String group() {
		return "avalanche";
	}

	@Override
	public String name() {
		return "avalanche-" + this.clients;
	}

	@Override
	public String title() {
		return "avalanche: %s; their server is killed after %,d ms and restarted".formatted(this.crowds.describe(),
				this.killAfterMillis);
	}

	@Override
	public List<String> variants() {
		return Crowds.variants();
	}

	@Override
	public List<Metric> metrics() {
		List<Metric> metrics = new ArrayList<>(
				List.of(P95, new Metric("p50", "ms p50 until caught up"), new Metric("behind", "% never caught up"),
						new Metric("never", "% never connected"), new Metric("back.p95", "ms p95 until connected"),
						new Metric("attempt.p95", "ms p95 from attempt to caught up")));
		metrics.addAll(Crowds.metrics());
		metrics.add(new Metric("unknown", "of unknown outcome"));
		metrics.add(new Metric("down", "s down"));
		return metrics;
	}

	@Override
	public List<Target> targets() {
		List<Target> targets = new ArrayList<>(Crowds.targets(name()));
		targets.add(Target.atMost(name() + ": p95 until caught up", figure(P95.name()), 2000));
		targets.add(Target.always(name() + ": % never connected", figure("never"), false, 0));
		targets.add(Target.always(name() + ": % never caught up", figure("behind"), false, 0));
		return targets;
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		// a separate database, so that servers of other sizes are not further nodes
		ServerSpec spec = this.specs.computeIfAbsent(variant,
				(name) -> Replies.server(name).database("avalanche_" + this.clients).onFixedPort());
		Server server = bench.server(spec, (fresh) -> this.crowds.seed(spec, bench));
		LoadRequest.Crowd crowd = this.crowds.next(variant, spec, server, bench);
		CompletableFuture<Server> restarted = bench.restart(spec);
		Map<String, Double> values = bench.load(new LoadRequest.Avalanche(crowd, server.pid(), this.killAfterMillis));
		if (!values.isEmpty()) {
			restarted.join();
		}
		return values;
	}

	private Target.Figure figure(String name) {
		return new Target.Figure(name(), Kind.OURS.variant(), name);
	}

}
