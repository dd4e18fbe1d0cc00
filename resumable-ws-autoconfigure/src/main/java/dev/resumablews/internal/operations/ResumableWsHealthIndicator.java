package dev.resumablews.internal.operations;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.status.ConnectionStatus;
import dev.resumablews.internal.status.RelayStatus;
import dev.resumablews.internal.status.ReplyStatus;
import dev.resumablews.internal.status.SignalStatus;
import dev.resumablews.internal.status.WriterStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Health indicator that reports whether this node serves its clients:
 * <ol>
 * <li>OUT_OF_SERVICE, while it is stopping or stopped and accepts no connections.
 * <li>DOWN, if the log cannot be written or leases of this node have expired without
 * being renewed.
 * <li>UP otherwise. A node that receives no signals is UP, because its clients are served
 * and the backstop delivers events of other nodes.
 * </ol>
 * Reads only state in memory: it neither executes SQL nor blocks. It requests a probe of
 * each idle writer, whose result the next health check reports.
 */
final class ResumableWsHealthIndicator extends AbstractHealthIndicator {

	/**
	 * A commit takes milliseconds, so an attempt that takes this long is considered
	 * failed.
	 */
	static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(5);

	private final NodeState state;

	ResumableWsHealthIndicator(NodeState state) {
		super("Failed to read the state of resumable-ws");
		this.state = state;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		this.state.probe();
		ConnectionStatus connections = this.state.connections();
		List<WriterStatus> writers = this.state.writers();
		List<String> problems = new ArrayList<>();
		writers.stream()
			.map(ResumableWsHealthIndicator::problem)
			.filter(Objects::nonNull)
			.findFirst()
			.ifPresent(problems::add);
		addLeases(builder, problems);
		addWriter(builder, writers);
		addSignals(builder);
		List<Outage> outages = this.state.outages();
		if (!outages.isEmpty()) {
			builder.withDetail("failing", outages.stream().map(Outage::text).distinct().toList());
		}
		if (connections != null) {
			builder.withDetail("connections", connections.connections());
		}
		if (connections != null && !connections.accepting()) {
			builder.outOfService().withDetail("reason", "The node is stopping and accepts no connections");
		}
		else if (!problems.isEmpty()) {
			builder.down().withDetail("reason", String.join("; ", problems));
		}
		else {
			builder.up();
		}
	}

	private static @Nullable String problem(WriterStatus writer) {
		Duration attempt = writer.attempt();
		if (writer.outage() != null) {
			return writer.outage().text();
		}
		return (attempt != null && attempt.compareTo(LONGEST_ATTEMPT) >= 0)
				? "Postgres has not answered a writer of the event log for %d seconds".formatted(attempt.toSeconds())
				: null;
	}

	private static void addWriter(Health.Builder builder, List<WriterStatus> writers) {
		if (writers.isEmpty()) {
			return;
		}
		Map<String, Object> details = new LinkedHashMap<>();
		details.put("waiting", writers.stream().mapToInt(WriterStatus::waiting).sum());
		details.put("oldestWaiting",
				writers.stream().map(WriterStatus::oldestWaiting).max(Duration::compareTo).orElse(Duration.ZERO));
		writers.stream()
			.map(WriterStatus::lastCommit)
			.filter(Objects::nonNull)
			.max(Comparator.naturalOrder())
			.ifPresent((commit) -> details.put("lastCommit", commit));
		writers.stream()
			.map(WriterStatus::outage)
			.filter(Objects::nonNull)
			.map(Outage::since)
			.min(Comparator.naturalOrder())
			.ifPresent((since) -> details.put("failingSince", since));
		builder.withDetail("writer", details);
	}

	private void addLeases(Health.Builder builder, List<String> problems) {
		ReplyStatus replies = this.state.replies();
		RelayStatus relays = this.state.relays();
		Map<String, Object> details = new LinkedHashMap<>();
		if (replies != null && replies.sinceRenewal() != null) {
			addLease(details, problems, "replies", replies.running(), replies.sinceRenewal(), replies.lease());
		}
		if (relays != null && relays.sinceRenewal() != null) {
			addLease(details, problems, "relays", relays.open(), relays.sinceRenewal(), relays.lease());
		}
		if (!details.isEmpty()) {
			builder.withDetail("leases", details);
		}
	}

	private static void addLease(Map<String, Object> details, List<String> problems, String what, int running,
			Duration sinceRenewal, Duration length) {
		Map<String, Object> lease = new LinkedHashMap<>();
		lease.put("running", running);
		lease.put("renewedAt", Instant.now().minus(sinceRenewal).truncatedTo(ChronoUnit.MILLIS));
		details.put(what, lease);
		if (sinceRenewal.compareTo(length) > 0) {
			problems.add("The leases of %s have not been renewed for %d seconds, so other nodes may take over"
				.formatted(what, sinceRenewal.toSeconds()));
		}
	}

	private void addSignals(Health.Builder builder) {
		SignalStatus signals = this.state.signals();
		if (signals == null) {
			return;
		}
		Map<String, Object> details = new LinkedHashMap<>();
		details.put("kind", signals.kind());
		details.put("state", signals.connected() ? "connected" : "reconnecting");
		if (signals.outage() != null) {
			details.put("since", signals.outage().since());
		}
		if (!signals.connected()) {
			details.put("effect", "Events of other nodes arrive up to %s late".formatted(signals.backstop()));
		}
		builder.withDetail("signals", details);
	}

}
