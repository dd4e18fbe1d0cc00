package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;
import java.util.Objects;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures the memory of an idle connection: resident memory after a garbage collection,
 * minus the memory before, of a process that has had connections before.
 */
final class Idle implements Scenario {

	private static final int CONNECTIONS = 10_000;

	/**
	 * Number of warm-ups, so that what the server allocates once, mainly for compiled
	 * code, does not count.
	 */
	private static final int WARM_UPS = 5;

	private static final int WARM_UP_CONNECTIONS = 2000;

	private static final int COLLECTIONS = 4;

	/**
	 * Makes a garbage collection return free memory, which the JVM would otherwise keep
	 * for the next peak.
	 */
	private static final String[] RETURN_FREE_MEMORY = { "-XX:MinHeapFreeRatio=5", "-XX:MaxHeapFreeRatio=10" };

	private static final String KIB = "KiB";

	private static final String HEAP = "heap";

	private static final String OURS_TOMCAT = "ours-tomcat";

	private static final String BARE_TOMCAT = "bare-tomcat";

	private static final String OURS_JETTY = "ours-jetty";

	private static final String BARE_JETTY = "bare-jetty";

	@Override
	public String group() {
		return "idle";
	}

	@Override
	public String title() {
		return "idle: %,d connections, Tomcat as in the sample, and Jetty".formatted(CONNECTIONS);
	}

	@Override
	public List<String> variants() {
		return List.of(OURS_TOMCAT, BARE_TOMCAT, OURS_JETTY, BARE_JETTY);
	}

	@Override
	public List<Metric> metrics() {
		return List.of(new Metric(KIB, "KiB resident for each"), new Metric(HEAP, "KiB of live heap"),
				new Metric("committed", "KiB of committed heap"), new Metric("connections", "connections"),
				new Metric("seconds", "s to connect all"));
	}

	@Override
	public List<Target> targets() {
		// live heap, because resident memory varies by more than the difference
		return List.of(Target.atMost("idle: KiB on Tomcat", figure(OURS_TOMCAT, KIB), 22),
				Target.atMost("idle: KiB on Jetty", figure(OURS_JETTY, KIB), 17),
				Target.differenceAtMost("idle: KiB of live heap above a bare handler, on Tomcat",
						figure(OURS_TOMCAT, HEAP), figure(BARE_TOMCAT, HEAP), 3),
				Target.differenceAtMost("idle: KiB of live heap above a bare handler, on Jetty",
						figure(OURS_JETTY, HEAP), figure(BARE_JETTY, HEAP), 3));
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = spec(variant);
		bench.stop(spec);
		Server server = bench.server(spec, (fresh) -> {
			for (int i = 0; i < WARM_UPS; i++) {
				hold(fresh, WARM_UP_CONNECTIONS, bench);
				bench.load(new LoadRequest.Release());
			}
		});
		Memory before = Memory.of(server);
		Map<String, Double> held = hold(server, CONNECTIONS, bench);
		Memory after = Memory.of(server);
		bench.load(new LoadRequest.Release());
		bench.stop(spec);
		return Map.of(KIB, (after.resident() - before.resident()) / CONNECTIONS, HEAP,
				(after.heap() - before.heap()) / 1024 / CONNECTIONS, "committed",
				(after.committed() - before.committed()) / 1024 / CONNECTIONS, "connections",
				Objects.requireNonNull(held.get("connections")), "seconds",
				Objects.requireNonNull(held.get("seconds")));
	}

	/**
	 * Returns the server of a variant. Tomcat's buffers are those of the sample.
	 */
	private static ServerSpec spec(String variant) {
		ServerSpec spec = ServerSpec.of(variant.startsWith("ours") ? Kind.OURS : Kind.BARE)
			.ours("resumable-ws.connection.max-total=12000")
			.jvm(RETURN_FREE_MEMORY);
		return variant.endsWith("jetty") ? spec.onJetty()
				: spec.jvm("-Dorg.apache.tomcat.websocket.DEFAULT_BUFFER_SIZE=1024")
					.with("server.tomcat.max-connections=20000",
							"server.servlet.context-parameters[org.apache.tomcat.websocket.textBufferSize]=1024",
							"server.servlet.context-parameters[org.apache.tomcat.websocket.binaryBufferSize]=1024",
							"benchmarks.tomcat-socket-buffers=1024");
	}

	private static Map<String, Double> hold(Server server, int connections, Bench bench) {
		return bench.load(new LoadRequest.Hold(server.port(), connections));
	}

	private static Target.Figure figure(String variant, String name) {
		return new Target.Figure("idle", variant, name);
	}

	/**
	 * Resident memory of a process in KiB, and its used and committed heap in bytes.
	 */
	private record Memory(double resident, double heap, double committed) {

		/**
		 * Collects garbage several times, and returns the minimum, because a heartbeat
		 * may allocate memory in between.
		 */
		private static Memory of(Server server) {
			double resident = Double.MAX_VALUE;
			double heap = Double.MAX_VALUE;
			double committed = Double.MAX_VALUE;
			for (int i = 0; i < COLLECTIONS; i++) {
				Map<String, Double> answer = server.control("gc");
				resident = Math.min(resident, server.residentKib());
				heap = Math.min(heap, Objects.requireNonNull(answer.get("heap")));
				committed = Math.min(committed, Objects.requireNonNull(answer.get("committed")));
			}
			return new Memory(resident, heap, committed);
		}

	}

}
