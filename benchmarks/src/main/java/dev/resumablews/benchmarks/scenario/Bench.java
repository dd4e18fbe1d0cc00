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
 * What there is to measure with. For one thread.
 */
public final class Bench {

	/**
	 * Resources of the machine that a server needs.
	 */
	static final Metric CPU = new Metric("cpu", "s of server CPU");

	/**
	 * Processor time of the server for each token, which equals seconds for a million.
	 */
	static final Metric CPU_OF_TOKEN = new Metric("cpu.token", "us of server CPU per delta");

	/**
	 * Processor time of Postgres for each token.
	 */
	static final Metric POSTGRES_CPU_OF_TOKEN = new Metric("cpu.postgres.token", "us of Postgres CPU per delta");

	/**
	 * The share of a core that a compiler at rest may use.
	 */
	private static final double RESTING = 0.08;

	private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(25);

	private final Postgres postgres;

	private final Servers servers;

	private final LoadProcess load;

	private final Path folder;

	private final boolean quick;

	private final Set<ServerSpec> warm = new HashSet<>();

	private final Map<ServerSpec, Integer> uses = new HashMap<>();

	private final Map<String, Integer> problems = new TreeMap<>();

	/**
	 * Puts it together.
	 * @param postgres the database
	 * @param servers the servers
	 * @param load the load generator
	 * @param folder folder for what is left over
	 * @param quick whether to measure for shorter times
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
	 * Whether to measure for shorter times, and with less data.
	 */
	boolean quick() {
		return this.quick;
	}

	/**
	 * Chooses between a full measurement and a quick one.
	 */
	int choose(int full, int quick) {
		return this.quick ? quick : full;
	}

	/**
	 * Returns a server that runs and is warm.
	 * @param warmUp what to do first with one that has just been started
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
	 * Puts a load on a fresh server until its compiler has little left to do, which on
	 * two cores would otherwise take one of them from what is measured.
	 */
	void warmUp(ServerSpec spec, Server fresh, Runnable load) {
		warmUp(spec, List.of(fresh), load);
	}

	/**
	 * Puts a load on fresh servers that work together.
	 */
	void warmUp(ServerSpec spec, List<Server> fresh, Runnable load) {
		if (this.quick || spec.kind() == Kind.SOCKETIO) {
			load.run();
			return;
		}
		long start = System.nanoTime();
		double compiling = 1;
		while (compiling > RESTING && System.nanoTime() - start < LONGEST_WARM_UP.toNanos()) {
			long began = System.nanoTime();
			double before = compilingMillis(fresh);
			load.run();
			compiling = (compilingMillis(fresh) - before) * 1e6 / (System.nanoTime() - began);
		}
	}

	private static double compilingMillis(List<Server> servers) {
		return servers.stream()
			.mapToDouble((server) -> Objects.requireNonNull(server.ask("compiling").get("millis")))
			.sum();
	}

	/**
	 * Counts the measurements of a server.
	 * @return how many there were before this one
	 */
	int uses(ServerSpec spec) {
		return this.uses.merge(spec, 1, Integer::sum) - 1;
	}

	/**
	 * Starts a server again as soon as its process has ended.
	 */
	CompletableFuture<Server> revive(ServerSpec spec) {
		return CompletableFuture.supplyAsync(() -> this.servers.revive(spec));
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
	 * Waits for a time, which must not have passed.
	 */
	void awaitTime(Instant time) {
		long millis = Instant.now().until(time, ChronoUnit.MILLIS);
		if (millis < 0) {
			throw new IllegalStateException("This machine was too slow to be ready at " + time);
		}
		LockSupport.parkUntil(time.toEpochMilli());
	}

	/**
	 * Puts a load on, and notes what goes wrong.
	 */
	Map<String, Double> load(LoadRequest request) {
		LoadResult result = this.load.run(request);
		result.problems().forEach((problem, count) -> this.problems.merge(problem, count, Integer::sum));
		return result.values();
	}

	/**
	 * Puts a load on a server, and measures the processor time that it and Postgres use.
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
	 * Notes that something went wrong.
	 */
	void problem(String problem) {
		this.problems.merge(problem, 1, Integer::sum);
	}

	/**
	 * Returns what went wrong since this was last called.
	 * @return how often, by what
	 */
	public Map<String, Integer> takeProblems() {
		Map<String, Integer> taken = new TreeMap<>(this.problems);
		this.problems.clear();
		return taken;
	}

}
