package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures sessions that reconnect simultaneously, as after a restart.
 */
final class Storm implements Scenario {

	private static final int EVENTS = 200;

	private static final int MAX_SESSIONS = 2000;

	private static final int WARM_UP_SESSIONS = 200;

	private static final double MIB = 1024;

	private static final String GROWTH = "MiB";

	private final int sessions;

	private Storm(int sessions) {
		this.sessions = sessions;
	}

	static List<Scenario> all() {
		return List.of(new Storm(200), new Storm(MAX_SESSIONS));
	}

	@Override
	public String group() {
		return "storm";
	}

	@Override
	public String name() {
		return "storm-" + this.sessions;
	}

	@Override
	public String title() {
		return "storm: %,d sessions of %d events reconnect simultaneously, from event 0".formatted(this.sessions,
				EVENTS);
	}

	@Override
	public List<String> variants() {
		return List.of(Kind.OURS.variant(), Kind.RECIPE.variant());
	}

	@Override
	public List<Metric> metrics() {
		return List.of(Metric.rate("events/s"), new Metric("p99", "ms p99 until caught up"),
				new Metric(GROWTH, "MiB of growth at most"), new Metric("missing", "missing"), Bench.CPU);
	}

	@Override
	public List<Target> targets() {
		String name = name();
		return List.of(
				Target.ratio("%s: events/s against the recipe's".formatted(name),
						new Target.Figure(name, Kind.OURS.variant(), "events/s"),
						new Target.Figure(name, Kind.RECIPE.variant(), "events/s"), true, 2),
				half("time until caught up", "p99"), half("server CPU", Bench.CPU.name()));
	}

	private Target half(String what, String metric) {
		return Target.ratio("%s: %s against the recipe's".formatted(name(), what),
				new Target.Figure(name(), Kind.OURS.variant(), metric),
				new Target.Figure(name(), Kind.RECIPE.variant(), metric), false, 0.5);
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = Replies.server(variant);
		Server server = bench.server(spec, (fresh) -> {
			new Tables(bench.postgres(), spec).seed(MAX_SESSIONS, EVENTS);
			bench.warmUp(spec, fresh, () -> {
				for (int i = 0; i < 5; i++) {
					replay(fresh, WARM_UP_SESSIONS, bench);
				}
			});
		});
		server.control("gc");
		server.resetPeak();
		double before = server.residentKib();
		Map<String, Double> values = new TreeMap<>(replay(server, this.sessions, bench));
		values.put(GROWTH, (server.peakKib() - before) / MIB);
		return values;
	}

	private static Map<String, Double> replay(Server server, int sessions, Bench bench) {
		return bench.load(new LoadRequest.Replay(server.port(), MAX_SESSIONS, sessions, EVENTS, sessions), server);
	}

}
