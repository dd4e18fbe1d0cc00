package dev.resumablews.internal.observability;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.resumablews.CloseCode;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;

/**
 * Records metrics with Micrometer. The number of values of each tag is small and
 * independent of client input. Safe for use by many threads.
 */
final class MicrometerListener implements DirectListener {

	/**
	 * Close codes with their own tag value: those of RFC 6455 that a client or the
	 * network may close with, and the library's.
	 */
	private static final Set<Integer> CLOSE_CODES = Stream
		.concat(Stream.of(1000, 1001, 1002, 1005, 1006), Arrays.stream(CloseCode.values()).map(CloseCode::code))
		.collect(Collectors.toUnmodifiableSet());

	private static final List<Integer> REFUSALS = List.of(400, 401, 403, 429, 503);

	private static final List<String> OUTCOMES = List.of("completed", "cancelled", "abandoned", "provider_error",
			"timeout", "interrupted");

	private static final List<String> REMOVED = List.of("sessions", "empty_sessions", "events", "idempotency_keys",
			"live_connections", "disconnects", "signals", "relays");

	private static final List<String> OVERDUE = List.of("sessions", "closed_sessions", "events", "idempotency_keys");

	private final MeterRegistry registry;

	private final AtomicInteger open = new AtomicInteger();

	/**
	 * In seconds; {@code NaN} until the cleanup has run.
	 */
	private final ConcurrentMap<String, AtomicReference<Double>> overdue = new ConcurrentHashMap<>();

	private final Timer batches;

	private final DistributionSummary batchSize;

	private final Counter refused;

	private final Counter sentFromLog;

	private final Counter sentFromMemory;

	/**
	 * Creates all meters with all values of their tags, because a counter that is created
	 * on its first event hides that event from rates.
	 */
	MicrometerListener(MeterRegistry registry) {
		this.registry = registry;
		Gauge.builder("resumable.ws.connections", this.open, AtomicInteger::get)
			.description("Open connections")
			.register(registry);
		this.batches = Timer.builder("resumable.ws.log.batches")
			.description("Time taken to store a batch of events")
			.register(registry);
		this.batchSize = DistributionSummary.builder("resumable.ws.log.batch.size")
			.description("Events stored in one batch")
			.register(registry);
		this.refused = Counter.builder("resumable.ws.log.refused")
			.description("Events rejected because the log could not store them")
			.register(registry);
		this.sentFromLog = sent("log");
		this.sentFromMemory = sent("memory");
		REFUSALS.forEach(this::refused);
		SecurityReasons.BY_KIND.forEach((kind, reasons) -> reasons.forEach((reason) -> security(kind, reason)));
		List.of(true, false).forEach(this::opened);
		CLOSE_CODES.forEach((code) -> closed(String.valueOf(code)));
		closed("other");
		OUTCOMES.forEach(this::replies);
		REMOVED.forEach(this::removed);
		OVERDUE.forEach(this::overdue);
	}

	@Override
	public void onHandshakeRejected(int status) {
		refused(status).increment();
	}

	@Override
	public void onSecurityEvent(SecurityEvent event) {
		security(event.kind(), event.reason()).increment();
	}

	@Override
	public void onConnectionOpened(boolean resumed) {
		this.open.incrementAndGet();
		opened(resumed).increment();
	}

	@Override
	public void onConnectionClosed(int code) {
		this.open.decrementAndGet();
		closed(CLOSE_CODES.contains(code) ? String.valueOf(code) : "other").increment();
	}

	@Override
	public void onBatchStored(int events, Duration duration) {
		this.batches.record(duration);
		this.batchSize.record(events);
	}

	@Override
	public void onAppendRejected() {
		this.refused.increment();
	}

	@Override
	public void onEventsSent(int events, boolean replayed) {
		(replayed ? this.sentFromLog : this.sentFromMemory).increment(events);
	}

	@Override
	public void onReplyEnded(String outcome, Duration duration) {
		replies(outcome).record(duration);
	}

	@Override
	public void onCleanedUp(String what, long rows) {
		removed(what).increment(rows);
	}

	@Override
	public void onCleanupOverdue(String what, Duration overdue) {
		overdue(what).set((double) overdue.toSeconds());
	}

	private Counter refused(int status) {
		return Counter.builder("resumable.ws.handshakes.refused")
			.description("Rejected handshakes")
			.tag("status", String.valueOf(status))
			.register(this.registry);
	}

	private Counter security(SecurityEvent.Kind kind, String reason) {
		return Counter.builder("resumable.ws.security.events")
			.description("Rejections, exceeded limits and other security events")
			.tag("kind", kind.name().toLowerCase(Locale.ROOT))
			.tag("reason", reason)
			.register(this.registry);
	}

	private Counter opened(boolean resumed) {
		return Counter.builder("resumable.ws.connections.opened")
			.description("Opened connections")
			.tag("resumed", String.valueOf(resumed))
			.register(this.registry);
	}

	private Counter closed(String code) {
		return Counter.builder("resumable.ws.connections.closed")
			.description("Closed connections")
			.tag("code", code)
			.register(this.registry);
	}

	private Counter sent(String source) {
		return Counter.builder("resumable.ws.events.sent")
			.description("Events sent to clients")
			.tag("source", source)
			.register(this.registry);
	}

	private Timer replies(String outcome) {
		return Timer.builder("resumable.ws.replies")
			.description("Time from a reply's start to its end")
			.tag("outcome", outcome)
			.register(this.registry);
	}

	private Counter removed(String what) {
		return Counter.builder("resumable.ws.cleanup.rows")
			.description("Rows deleted by the cleanup")
			.tag("what", what)
			.register(this.registry);
	}

	private AtomicReference<Double> overdue(String what) {
		return this.overdue.computeIfAbsent(what, (key) -> {
			AtomicReference<Double> seconds = new AtomicReference<>(Double.NaN);
			TimeGauge.builder("resumable.ws.cleanup.overdue", seconds, TimeUnit.SECONDS, AtomicReference::get)
				.description("Time by which the oldest remaining row is overdue after a cleanup")
				.tag("what", key)
				.register(this.registry);
			return seconds;
		});
	}

}
