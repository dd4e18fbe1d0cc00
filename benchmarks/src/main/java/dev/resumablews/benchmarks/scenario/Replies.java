package dev.resumablews.benchmarks.scenario;

import java.util.List;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Common parts of the scenarios with replies.
 */
final class Replies {

	/**
	 * Number of tokens in a reply.
	 */
	static final int TOKENS = 200;

	/**
	 * Period of 50 tokens a second.
	 */
	static final long PERIOD_MICROS = 20_000;

	/**
	 * Duration of a reply, after which replies run in all sessions.
	 */
	static final long PACE_WARM_UP_MILLIS = 4000;

	private static final int WARM_UP_SESSIONS = 100;

	private Replies() {
	}

	/**
	 * Returns a server that may run a reply in each session simultaneously.
	 */
	static ServerSpec server(String variant) {
		for (Kind kind : Kind.values()) {
			if (kind.variant().equals(variant)) {
				return ServerSpec.of(kind).ours("resumable-ws.reply.max-concurrent=1000");
			}
		}
		throw new IllegalArgumentException("Unknown server '%s'".formatted(variant));
	}

	static String dialect(ServerSpec spec) {
		return (spec.kind() == Kind.SOCKETIO) ? "socketio" : "json";
	}

	/**
	 * Returns a warm server with empty tables.
	 */
	static Server warm(ServerSpec spec, Bench bench) {
		Server server = bench.server(spec, (fresh) -> warmUp(spec, fresh, bench));
		new Tables(bench.postgres(), spec).clear();
		return server;
	}

	static void warmUp(ServerSpec spec, Server fresh, Bench bench) {
		warmUp(spec, List.of(fresh), false, bench);
	}

	/**
	 * Warms up servers that share a load.
	 * @param pairs whether each session has a second connection, to the next server
	 */
	static void warmUp(ServerSpec spec, List<Server> fresh, boolean pairs, Bench bench) {
		List<Integer> ports = fresh.stream().map(Server::port).toList();
		bench.warmUp(spec, fresh, () -> {
			bench.load(new LoadRequest.Pace(ports, dialect(spec), WARM_UP_SESSIONS, TOKENS / 4, PERIOD_MICROS, 0,
					bench.choose(6000, 1500), pairs));
			bench.load(new LoadRequest.Burst(ports, dialect(spec), WARM_UP_SESSIONS, TOKENS, 5, pairs));
		});
	}

}
