package dev.resumablews.benchmarks.scenario;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;

/**
 * Measures the effect of the cleanup on latencies. A million events expire when the
 * measurement begins; in the other variant, they do not expire.
 */
final class CleanupUnderLoad implements Scenario {

	private static final int PACED_SESSIONS = 100;

	private static final int EVENTS = 200;

	private static final Duration WARM_UP = Duration.ofSeconds(5);

	private static final Duration TIME_TO_SEED = Duration.ofSeconds(30);

	private static final String WITH = "with-cleanup";

	private static final String WITHOUT = "without";

	@Override
	public String group() {
		return "cleanup";
	}

	@Override
	public String title() {
		return "cleanup of 1 million events while %d sessions get 50 deltas/s".formatted(PACED_SESSIONS);
	}

	@Override
	public List<String> variants() {
		return List.of(WITHOUT, WITH);
	}

	@Override
	public List<Metric> metrics() {
		return List.of(Metric.millis("p99"), Metric.millis("p50"), Metric.rate("deltas/s"),
				new Metric("removed", "removed in that time"));
	}

	@Override
	public List<Target> targets() {
		return List.of(Target.ratio("cleanup: p99 with against without", new Target.Figure(group(), WITH, "p99"),
				new Target.Figure(group(), WITHOUT, "p99"), false, 1.5));
	}

	@Override
	public Map<String, Double> measure(String variant, Bench bench) {
		ServerSpec spec = ServerSpec.of(Kind.OURS).ours("resumable-ws.cleanup.interval=1s");
		Server server = Replies.warm(spec, bench);
		int sessions = bench.choose(5000, 1000);
		Instant due = Instant.now().plus(TIME_TO_SEED);
		String expiring = "timestamptz '%s' - interval '30 days'".formatted(due);
		new Tables(bench.postgres(), spec).seed(sessions, EVENTS, variant.equals(WITH) ? expiring : "now()");
		bench.postgres().settle();
		if (variant.equals(WITH)) {
			bench.awaitTime(due.minus(WARM_UP));
		}
		Map<String, Double> values = new TreeMap<>(
				bench.load(new LoadRequest.Pace(List.of(server.port()), "json", PACED_SESSIONS, Replies.TOKENS,
						Replies.PERIOD_MICROS, WARM_UP.toMillis(), bench.choose(10_000, 5000), false)));
		String left = bench.postgres()
			.select(spec.database(), "select count(*) from ws_events where type = 'note'")
			.get(0);
		double removed = (double) sessions * EVENTS - Double.parseDouble(left);
		if (variant.equals(WITH) && removed == 0) {
			throw new IllegalStateException("No event was removed during the measurement, although all had expired");
		}
		values.put("removed", removed);
		return values;
	}

}
