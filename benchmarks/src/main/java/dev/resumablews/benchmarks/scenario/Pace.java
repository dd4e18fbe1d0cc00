package dev.resumablews.benchmarks.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Measures replies at the pace of a model. A server sustains a number of sessions if no
 * token is missing, at least nine tenths of the tokens of that time have arrived, and p99
 * is below a second.
 */
final class Pace implements Scenario {

	private static final int[] LOADS = { 100, 200, 400, 800 };

	private static final String SUSTAINED = "sustained";

	/**
	 * Median time of an fsync on the idle machine.
	 */
	private static final String FSYNC = "fsync";

	/**
	 * Most milliseconds of p50 with few sessions.
	 */
	private static final double MOST_LIGHT_P50 = 5;

	private final int sessions;

	private Pace(int sessions) {
		this.sessions = sessions;
	}

	static List<Scenario> all() {
		List<Scenario> all = new ArrayList<>();
		for (int sessions : LOADS) {
			all.add(new Pace(sessions));
		}
		return all;
	}

	@Override
	public String group() {
		return "pace";
	}

	@Override
	public String name() {
		return name(this.sessions);
	}

	@Override
	public String title() {
		return "pace: %d sessions at 50 deltas/s, from model to client".formatted(this.sessions);
	}

	@Override
	public List<String> variants() {
		List<String> variants = new ArrayList<>(List.of(Kind.OURS.variant(), Kind.SOCKETIO.variant()));
		if (isLight()) {
			variants.add(Kind.RECIPE_DURABLE.variant());
		}
		if (isLight() || isExtreme()) {
			variants.add(Kind.BARE.variant());
		}
		if (this.sessions == LOADS[0]) {
			variants.add(Kind.OURS_SPRING_AI.variant());
			variants.add(Kind.BARE_SPRING_AI.variant());
		}
		return variants;
	}

	@Override
	public boolean isQuick(String variant) {
		return isExtreme();
	}

	@Override
	public List<Metric> metrics() {
		return List.of(Metric.millis("p99"), Metric.millis("p50"), Metric.rate("deltas/s"),
				new Metric("missing", "missing"), new Metric(SUSTAINED, "sustained"), Bench.CPU, Bench.CPU_OF_TOKEN,
				Bench.POSTGRES_CPU_OF_TOKEN, new Metric(FSYNC, "ms of an fsync"));
	}

	@Override
	public List<Target> targets() {
		List<Target> targets = new ArrayList<>();
		targets.add(Target.ratio("pace: p99 of %d sessions against Socket.IO's".formatted(this.sessions),
				figure(Kind.OURS, "p99"), figure(Kind.SOCKETIO, "p99"), false, 1));
		if (isLight()) {
			targets.add(Target.atMost("pace: ms p50 of %d sessions".formatted(this.sessions), figure(Kind.OURS, "p50"),
					MOST_LIGHT_P50));
			targets.add(new Target(
					"pace: p99 of %d sessions against 3 x the bare handler's and two fsyncs".formatted(this.sessions),
					1, false, this::againstBare));
		}
		if (this.sessions == LOADS[0]) {
			targets.add(Target.ratio(
					"%s: server CPU of a delta through Spring AI against Spring AI alone".formatted(name()),
					figure(Kind.OURS_SPRING_AI, Bench.CPU_OF_TOKEN.name()),
					figure(Kind.BARE_SPRING_AI, Bench.CPU_OF_TOKEN.name()), false, 1.1));
		}
		if (this.sessions == LOADS[LOADS.length - 1]) {
			targets.add(new Target("pace: sessions sustained against Socket.IO's", 1, true, (figures) -> {
				Integer ours = sustained(figures, Kind.OURS);
				Integer theirs = sustained(figures, Kind.SOCKETIO);
				return (ours != null && theirs != null) ? ours / (double) theirs : null;
			}));
		}
		return targets;
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = Replies.server(variant);
		Server server = Replies.warm(spec, bench);
		Map<String, Double> values = new TreeMap<>(bench
			.load(new LoadRequest.Pace(List.of(server.port()), Replies.dialect(spec), this.sessions, Replies.TOKENS,
					Replies.PERIOD_MICROS, Replies.PACE_WARM_UP_MILLIS, bench.choose(6000, 3000), false), server));
		double rate = values.getOrDefault("deltas/s", 0.0);
		boolean complete = values.getOrDefault("missing", 1.0) == 0 && values.getOrDefault("unheard", 1.0) == 0;
		boolean sustained = complete && rate >= 0.9 * 50 * this.sessions && values.getOrDefault("p99", 1e9) < 1000;
		values.put(SUSTAINED, sustained ? 1.0 : 0.0);
		if (isLight() && spec.kind() == Kind.OURS) {
			values.put(FSYNC, Fsync.medianMillis(bench.folder()));
		}
		return values;
	}

	private boolean isLight() {
		return this.sessions <= LOADS[1];
	}

	private boolean isExtreme() {
		return this.sessions == LOADS[0] || this.sessions == LOADS[LOADS.length - 1];
	}

	/**
	 * Returns the most sessions that a server has sustained, at least 1; null unless all
	 * loads were measured.
	 */
	private static @Nullable Integer sustained(Figures figures, Kind kind) {
		int most = 1;
		for (int sessions : LOADS) {
			Double sustained = figures.median(name(sessions), kind.variant(), SUSTAINED);
			if (sustained == null) {
				return null;
			}
			if (sustained == 1) {
				most = sessions;
			}
		}
		return most;
	}

	private @Nullable Double againstBare(Figures figures) {
		Double ours = figure(Kind.OURS, "p99").in(figures);
		Double bare = figure(Kind.BARE, "p99").in(figures);
		Double fsync = figure(Kind.OURS, FSYNC).in(figures);
		return (ours != null && bare != null && fsync != null) ? ours / (3 * bare + 2 * fsync) : null;
	}

	private Target.Figure figure(Kind kind, String metric) {
		return new Target.Figure(name(), kind.variant(), metric);
	}

	private static String name(int sessions) {
		return "pace-" + sessions;
	}

}
