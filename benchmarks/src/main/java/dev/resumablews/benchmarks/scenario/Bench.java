package dev.resumablews.benchmarks.scenario;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.load.LoadResult;
import dev.resumablews.benchmarks.process.LoadProcess;
import dev.resumablews.benchmarks.process.Postgres;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;
import dev.resumablews.benchmarks.process.Servers;

/**
 * Resources of the measurements. Not safe for use by many threads.
 */
public final class Bench {

	/**
	 * Processor time of the server.
	 */
	static final Metric CPU = new Metric("cpu", "s of server CPU");

	/**
	 * Processor time of the server for each token; microseconds for a token equal seconds
	 * for a million.
	 */
	static final Metric CPU_OF_TOKEN = new Metric("cpu.token", "us of server CPU per delta");

	/**
	 * Processor time of Postgres for each token.
	 */
	static final Metric POSTGRES_CPU_OF_TOKEN = new Metric("cpu.postgres.token", "us of Postgres CPU per delta");

	/**
	 * Share of a core below which a JIT compiler counts as idle.
	 */
	private static final double IDLE_SHARE = 0.08;

	private static final Duration MAX_WARM_UP = Duration.ofSeconds(60);

	/**
	 * Spring AI and its client have far more code to compile.
	 */
	private static final Duration MAX_SPRING_AI_WARM_UP = Duration.ofSeconds(120);

	private final Postgres postgres;

	private final Servers servers;

	private final LoadProcess load;

	private final Path folder;

	private final boolean quick;

	private final Set<ServerSpec> warm = new HashSet<>();

	private final Map<ServerSpec, Integer> uses = new HashMap<>();

	private final Map<String, Integer> problems = new TreeMap<>();

	/**
	 * Creates an instance.
	 * @param postgres the database
	 * @param servers the servers
	 * @param load the load generator
	 * @param folder directory for files of the measurements
	 * @param quick whether to measure for a shorter time and with less data
	 */
	public Bench(Postgres postgres, Servers servers, LoadProcess load, Path folder, boolean quick) {
		this.postgres = postgres;
		this.servers = servers;
		this.load = load;
		this.folder = folder;
		this.quick = quick;
	}

	Postgres postgres() {
		return this.postgres;
	}

	Path folder() {
		return this.folder;
	}

	/**
	 * Returns whether to measure for a shorter time and with less data.
	 */
	boolean quick() {
		return this.quick;
	}

	/**
	 * Returns the value for a full or a quick measurement.
	 */
	int choose(int full, int quick) {
		return this.quick ? quick : full;
	}

	/**
	 * Returns a running server after its warm-up.
	 * @param warmUp warms up a server that has just been started
	 */
	Server server(ServerSpec spec, Consumer<Server> warmUp) {
		Server server = this.servers.get(spec);
		if (this.warm.add(spec)) {
			warmUp.accept(server);
		}
		this.postgres.settle();
		return server;
	}

	/**
	 * Runs a load on a new server until its JIT compiler is almost idle. On two cores,
	 * the compiler would otherwise take one of them from the measurement.
	 */
	void warmUp(ServerSpec spec, Server fresh, Runnable load) {
		warmUp(spec, List.of(fresh), load);
	}

	/**
	 * Runs a load on new servers that share it, until their JIT compilers are almost
	 * idle.
	 */
	void warmUp(ServerSpec spec, List<Server> fresh, Runnable load) {
		if (this.quick || spec.kind() == Kind.SOCKETIO) {
			load.run();
			return;
		}
		Duration most = spec.kind().callsModel() ? MAX_SPRING_AI_WARM_UP : MAX_WARM_UP;
		long start = System.nanoTime();
		double compiling = 1;
		while (compiling > IDLE_SHARE && System.nanoTime() - start < most.toNanos()) {
			long began = System.nanoTime();
			double before = compilingMillis(fresh);
			load.run();
			compiling = (compilingMillis(fresh) - before) * 1e6 / (System.nanoTime() - began);
		}
	}

	private static double compilingMillis(List<Server> servers) {
		return servers.stream()
			.mapToDouble((server) -> Objects.requireNonNull(server.control("compiling").get("millis")))
			.sum();
	}

	/**
	 * Counts the measurements of a server.
	 * @return the number of measurements before this one
	 */
	int uses(ServerSpec spec) {
		return this.uses.merge(spec, 1, Integer::sum) - 1;
	}

	/**
	 * Restarts a server as soon as its process has ended.
	 */
	CompletableFuture<Server> restart(ServerSpec spec) {
		return CompletableFuture.supplyAsync(() -> this.servers.restart(spec));
	}

	void stop(ServerSpec spec) {
		this.servers.stop(spec);
		this.warm.remove(spec);
	}

	/**
	 * Stops all servers.
	 */
	public void stopAll() {
		this.servers.stopAll();
		this.warm.clear();
	}

	/**
	 * Waits until a time, which must be in the future.
	 */
	void awaitTime(Instant time) {
		long millis = Instant.now().until(time, ChronoUnit.MILLIS);
		if (millis < 0) {
			throw new IllegalStateException("This machine was too slow to be ready at " + time);
		}
		LockSupport.parkUntil(time.toEpochMilli());
	}

	/**
	 * Runs a load, and records its problems.
	 */
	Map<String, Double> load(LoadRequest request) {
		LoadResult result = this.load.run(request);
		result.problems().forEach((problem, count) -> this.problems.merge(problem, count, Integer::sum));
		return result.values();
	}

	/**
	 * Runs a load on a server, and measures the processor time of the server and of
	 * Postgres.
	 */
	Map<String, Double> load(LoadRequest request, Server server) {
		return load(request, List.of(server));
	}

	/**
	 * Puts a load on servers, and measures the processor time that they and Postgres use.
	 */
	Map<String, Double> load(LoadRequest request, List<Server> servers) {
		double before = cpuSeconds(servers);
		OptionalDouble postgresBefore = this.postgres.cpuSeconds();
		Map<String, Double> values = new TreeMap<>(load(request));
		double seconds = cpuSeconds(servers) - before;
		OptionalDouble postgresAfter = this.postgres.cpuSeconds();
		values.put(CPU.name(), seconds);
		double tokens = values.getOrDefault(LoadResult.TOKENS, 0.0);
		if (tokens > 0) {
			values.put(CPU_OF_TOKEN.name(), seconds * 1e6 / tokens);
			if (postgresBefore.isPresent() && postgresAfter.isPresent()) {
				values.put(POSTGRES_CPU_OF_TOKEN.name(),
						(postgresAfter.getAsDouble() - postgresBefore.getAsDouble()) * 1e6 / tokens);
			}
		}
		return values;
	}

	private static double cpuSeconds(List<Server> servers) {
		return servers.stream().mapToDouble(Server::cpuSeconds).sum();
	}

	/**
	 * Records a problem.
	 */
	void problem(String problem) {
		this.problems.merge(problem, 1, Integer::sum);
	}

	/**
	 * Returns the problems since the last call.
	 * @return the problems, and how often each occurred
	 */
	public Map<String, Integer> takeProblems() {
		Map<String, Integer> taken = new TreeMap<>(this.problems);
		this.problems.clear();
		return taken;
	}

}
