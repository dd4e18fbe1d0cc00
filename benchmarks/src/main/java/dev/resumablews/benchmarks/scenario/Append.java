package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.benchmarks.process.PgBench;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Measures how many events the log can store.
 */
final class Append implements Scenario {

	private static final int SESSIONS = 100;

	private static final int PAYLOAD = 100;

	/**
	 * Maximum number of events in flight.
	 */
	private static final int IN_FLIGHT = 2000;

	private static final int PUBLISHERS = 2;

	/**
	 * Threads that store one event at a time: enough for the pool of ten connections, but
	 * without much contention.
	 */
	private static final int BLOCKING = 32;

	/**
	 * Default number of writers.
	 */
	private static final int WRITERS = 2;

	private static final String OURS = "ours";

	private static final String PGBENCH = "pgbench";

	private static final String ONE_INSERT = "one-insert";

	private static final String RATE = "events/s";

	private static final String STATEMENT = """
			select query from pg_stat_activity
			where datname = current_database() and query like '%insert into ws_events%'
				and query not like '%pg_stat_activity%'
			order by query_start desc limit 1
			""";

	private double batch;

	private @Nullable String statement;

	@Override
	public String group() {
		return "append";
	}

	@Override
	public String title() {
		return "append: as many events as the log can store, %d sessions, %d-byte payloads, %d in flight"
			.formatted(SESSIONS, PAYLOAD, IN_FLIGHT);
	}

	@Override
	public List<String> variants() {
		return List.of(OURS, PGBENCH, ONE_INSERT);
	}

	@Override
	public List<Metric> metrics() {
		return List.of(Metric.rate(RATE), new Metric("batch", "events in a batch"));
	}

	@Override
	public List<Target> targets() {
		return List.of(Target.ratio("append: events/s against pgbench's", figure(OURS), figure(PGBENCH), true, 0.6),
				Target.ratio("append: events/s against one insert for each event", figure(OURS), figure(ONE_INSERT),
						true, 10));
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		return switch (variant) {
			case OURS -> ours(bench);
			case PGBENCH -> pgBench(bench);
			default -> publish(ServerSpec.of(Kind.RECIPE), BLOCKING, 1, bench);
		};
	}

	private Map<String, Double> ours(Bench bench) {
		ServerSpec spec = ServerSpec.of(Kind.OURS);
		Map<String, Double> values = publish(spec, PUBLISHERS, IN_FLIGHT / PUBLISHERS, bench);
		this.batch = Objects.requireNonNull(values.get("batch"));
		return values;
	}

	private Map<String, Double> publish(ServerSpec spec, int threads, int inFlight, Bench bench) {
		Server server = bench.server(spec, (fresh) -> {
			new Tables(bench.postgres(), spec).seed(SESSIONS, 0);
			bench.warmUp(spec, fresh, () -> {
				CompletableFuture<Map<String, Double>> run = CompletableFuture
					.supplyAsync(() -> fresh.control(request(threads, inFlight, bench.choose(6, 3))));
				while (spec.kind().isOurs() && this.statement == null && !run.isDone()) {
					this.statement = bench.postgres()
						.select(spec.database(), STATEMENT)
						.stream()
						.findFirst()
						.orElse(null);
				}
				run.join();
			});
		});
		Tables tables = new Tables(bench.postgres(), spec);
		tables.clear();
		tables.seed(SESSIONS, 0);
		Map<String, Double> answer = server.control(request(threads, inFlight, bench.choose(6, 3)));
		if (answer.getOrDefault("failed", 0.0) > 0) {
			bench.problem("%.0f events were not stored".formatted(answer.get("failed")));
		}
		Map<String, Double> values = new TreeMap<>();
		values.put(RATE, Objects.requireNonNull(answer.get("perSecond")));
		values.put("batch", Math.max(1, Objects.requireNonNull(answer.get("batch"))));
		return values;
	}

	private Map<String, Double> pgBench(Bench bench) {
		PgBench pgBench = PgBench.find(bench.folder());
		String statement = this.statement;
		if (pgBench == null || statement == null) {
			bench.problem((pgBench == null) ? "pgbench is not installed, so its row is omitted"
					: "pgbench needs the log's statement, which was not captured while 'ours' was measured");
			return Map.of();
		}
		ServerSpec spec = ServerSpec.of(Kind.OURS);
		Tables tables = new Tables(bench.postgres(), spec);
		tables.clear();
		tables.seed(SESSIONS, 0);
		bench.postgres().settle();
		int batch = (int) Math.round(this.batch);
		double perSecond = pgBench.eventsPerSecond(bench.postgres().url(spec.database()), statement, WRITERS, SESSIONS,
				batch, Tables.PAYLOAD, bench.choose(6, 3));
		return Map.of(RATE, perSecond, "batch", (double) batch);
	}

	private static String request(int threads, int inFlight, int seconds) {
		return "append?sessions=%d&payload=%d&threads=%d&inFlight=%d&seconds=%d".formatted(SESSIONS, PAYLOAD, threads,
				inFlight, seconds);
	}

	private static Target.Figure figure(String variant) {
		return new Target.Figure("append", variant, RATE);
	}

}
