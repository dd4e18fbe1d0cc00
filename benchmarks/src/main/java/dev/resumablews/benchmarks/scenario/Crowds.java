package dev.resumablews.benchmarks.scenario;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Common parts of the scenarios in which clients lose their connections. In a round, all
 * variants have the same seed.
 */
final class Crowds {

	/**
	 * Number of rounds after which sessions are reused.
	 */
	private static final int ROUNDS = 20;

	private final int seed;

	private final int clients;

	private final int messages;

	private final int periodMillis;

	private final Map<String, Integer> rounds = new HashMap<>();

	Crowds(Parameters parameters, int clients, Parameter messages, Parameter periodMillis) {
		this.seed = parameters.number(Parameter.SEED);
		this.clients = clients;
		this.messages = parameters.number(messages);
		this.periodMillis = parameters.number(periodMillis);
	}

	static List<String> variants() {
		return List.of(Kind.OURS.variant(), Kind.SOCKETIO.variant());
	}

	/**
	 * Returns the metrics of the delivery.
	 */
	static List<Metric> metrics() {
		return List.of(new Metric("delivered", "% delivered"), new Metric("lost", "lost"),
				new Metric("duplicates", "duplicates"));
	}

	/**
	 * Returns the targets of the delivery: every message arrives once, in each round.
	 */
	static List<Target> targets(String scenario) {
		return List.of(
				Target.always(scenario + ": % delivered", new Target.Figure(scenario, Kind.OURS.variant(), "delivered"),
						true, 100),
				Target.always(scenario + ": duplicates", new Target.Figure(scenario, Kind.OURS.variant(), "duplicates"),
						false, 0));
	}

	String describe() {
		return "%,d clients receive a message every %,d ms (%d in all, seed %d)".formatted(this.clients,
				this.periodMillis, this.messages, this.seed);
	}

	/**
	 * Adds sessions for all rounds.
	 */
	void seed(ServerSpec spec, Bench bench) {
		Tables tables = new Tables(bench.postgres(), spec);
		tables.clear();
		tables.seed(ROUNDS * this.clients, 0);
	}

	/**
	 * Returns the crowd of a variant's next round, with sessions that have no events.
	 */
	LoadRequest.Crowd next(String variant, ServerSpec spec, Server server, Bench bench) {
		int round = this.rounds.merge(variant, 1, Integer::sum) - 1;
		int first = bench.uses(spec) % ROUNDS * this.clients;
		return new LoadRequest.Crowd(server.port(), Replies.dialect(spec), first, this.clients, this.messages,
				this.periodMillis, this.seed + (long) round);
	}

}
