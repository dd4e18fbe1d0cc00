package dev.resumablews.benchmarks.scenario;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Clients that lose their connections: what these scenarios have in common. In a round,
 * all variants have the same seed.
 */
final class Crowds {

	/**
	 * Rounds until sessions are used again.
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
	 * Figures about what has arrived.
	 */
	static List<Metric> metrics() {
		return List.of(new Metric("delivered", "% delivered"), new Metric("lost", "lost"),
				new Metric("duplicates", "duplicates"));
	}

	/**
	 * Every message arrives once, in each round.
	 */
	static List<Target> targets(String scenario) {
		return List.of(
				Target.always(scenario + ": % delivered", new Target.Figure(scenario, Kind.OURS.variant(), "delivered"),
						true, 100),
				Target.always(scenario + ": duplicates", new Target.Figure(scenario, Kind.OURS.variant(), "duplicates"),
						false, 0));
	}

	String describe() {
		return "%,d clients get a message each %,d ms (%d in all, seed %d)".formatted(this.clients, this.periodMillis,
				this.messages, this.seed);
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
	 * Returns the crowd of a variant's next round, in sessions without events.
	 */
	LoadRequest.Crowd next(String variant, ServerSpec spec, Server server, Bench bench) {
		int round = this.rounds.merge(variant, 1, Integer::sum) - 1;
		int first = bench.uses(spec) % ROUNDS * this.clients;
		return new LoadRequest.Crowd(server.port(), Replies.dialect(spec), first, this.clients, this.messages,
				this.periodMillis, this.seed + (long) round);
	}

}
