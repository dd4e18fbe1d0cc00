package dev.resumablews.benchmarks.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures several processes on one database. Each session has two connections: one to
 * the node that runs its replies, and one to the next node, which is the same if there is
 * only one.
 */
final class Nodes implements Scenario {

	private static final int SESSIONS = 100;

	private static final int MAX_NODES = 3;

	private static final String BURST = "deltas/s";

	private static final String LOCAL = "pace.p99";

	private static final String REMOTE = "pace.remote.p99";

	/**
	 * Processor time of all nodes and of Postgres for each delta, in microseconds, which
	 * equals seconds for a million.
	 */
	private static final String TOTAL_CPU = "cpu.total.token";

	private static final double MOST_CPU = 1.3;

	@Override
	public String group() {
		return "nodes";
	}

	@Override
	public String title() {
		return "nodes: %d sessions, each with a second connection to another node; bursts, and 50 deltas/s"
			.formatted(SESSIONS);
	}

	@Override
	public List<String> variants() {
		return IntStream.rangeClosed(1, MAX_NODES).mapToObj(Nodes::variant).toList();
	}

	@Override
	public boolean isQuick(String variant) {
		return !variant.equals(variant(MAX_NODES));
	}

	@Override
	public List<Metric> metrics() {
		return List.of(new Metric(BURST, "deltas/s in bursts"), new Metric(LOCAL, "ms p99 at the reply's node"),
				new Metric(REMOTE, "ms p99 at the second connection"), new Metric("pace.remote.p50", "ms p50 there"),
				new Metric("burst." + TOTAL_CPU, "us of CPU per delta in bursts, with Postgres"),
				new Metric("pace." + TOTAL_CPU, "us of CPU per delta at 50 deltas/s, with Postgres"),
				new Metric("missing", "missing"));
	}

	@Override
	public List<Target> targets() {
		List<Target> targets = new ArrayList<>();
		for (int nodes = 2; nodes <= MAX_NODES; nodes++) {
			String variant = variant(nodes);
			targets.add(cpu(variant, "in bursts", "burst." + TOTAL_CPU));
			targets.add(cpu(variant, "at 50 deltas/s", "pace." + TOTAL_CPU));
			targets.add(Target.differenceAtMost("%s: ms p99 at another node above local".formatted(variant),
					new Target.Figure(group(), variant, REMOTE), new Target.Figure(group(), variant, LOCAL), 50));
		}
		return targets;
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		int nodes = variants().indexOf(variant) + 1;
		ServerSpec spec = Replies.server(Kind.OURS.variant()).database("nodes_" + nodes);
		List<Server> servers = new ArrayList<>();
		List<Server> fresh = new ArrayList<>();
		for (int node = 1; node <= nodes; node++) {
			servers.add(bench.server(spec.node(node), fresh::add));
		}
		List<Integer> ports = servers.stream().map(Server::port).toList();
		if (!fresh.isEmpty()) {
			Replies.warmUp(spec, fresh, true, bench);
		}
		new Tables(bench.postgres(), spec).clear();
		Map<String, Double> values = new TreeMap<>();
		Map<String, Double> burst = bench
			.load(new LoadRequest.Burst(ports, "json", SESSIONS, Replies.TOKENS, bench.choose(10, 4), true), servers);
		Map<String, Double> pace = bench.load(new LoadRequest.Pace(ports, "json", SESSIONS, Replies.TOKENS,
				Replies.PERIOD_MICROS, Replies.PACE_WARM_UP_MILLIS, bench.choose(6000, 3000), true), servers);
		values.put(BURST, Objects.requireNonNull(burst.get("deltas/s")));
		addTotal(burst);
		addTotal(pace);
		burst.forEach((name, value) -> values.put("burst." + name, value));
		pace.forEach((name, value) -> values.put("pace." + name, value));
		values.put("missing", missing(burst) + missing(pace));
		return values;
	}

	private static Target cpu(String variant, String load, String metric) {
		return Target.ratio("%s: CPU of a delta %s, with Postgres, against one node's".formatted(variant, load),
				new Target.Figure("nodes", variant, metric), new Target.Figure("nodes", variant(1), metric), false,
				MOST_CPU);
	}

	private static void addTotal(Map<String, Double> values) {
		Double nodes = values.get(Bench.CPU_OF_TOKEN.name());
		Double postgres = values.get(Bench.POSTGRES_CPU_OF_TOKEN.name());
		if (nodes != null && postgres != null) {
			values.put(TOTAL_CPU, nodes + postgres);
		}
	}

	private static double missing(Map<String, Double> values) {
		return values.getOrDefault("missing", 0.0) + values.getOrDefault("remote.missing", 0.0);
	}

	private static String variant(int nodes) {
		return (nodes == 1) ? "1-node" : nodes + "-nodes";
	}

}
