package dev.resumablews.internal.observability;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
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
 * Counts and times what happens. Every tag has a small number of values, whatever clients
 * do. Safe for use by many threads.
 */
final class MicrometerListener implements DirectListener {

	/**
	 * The codes that are counted each; those of RFC 6455 that a client or the network may
	 * close with, and ours.
	 */
	private static final Set<Integer> CLOSE_CODES = Stream
		.concat(Stream.of(1000, 1001, 1002, 1005, 1006), Arrays.stream(CloseCode.values()).map(CloseCode::code))
		.collect(Collectors.toUnmodifiableSet());

	private final MeterRegistry registry;

	private final AtomicInteger open = new AtomicInteger();

	private final ConcurrentMap<String, AtomicLong> overdueSeconds = new ConcurrentHashMap<>();

	private final Timer batches;

	private final DistributionSummary batchSize;

	private final Counter refused;

	private final Counter sentFromLog;

	private final Counter sentFromMemory;

	MicrometerListener(MeterRegistry registry) {
		this.registry = registry;
		Gauge.builder("resumable.ws.connections", this.open, AtomicInteger::get)
			.description("Connections that are open")
			.baseUnit("connections")
			.register(registry);
		this.batches = Timer.builder("resumable.ws.log.batches")
			.description("Time it takes to store a batch of events")
			.register(registry);
		this.batchSize = DistributionSummary.builder("resumable.ws.log.batch.size")
			.description("Events stored in one batch")
			.baseUnit("events")
			.register(registry);
		this.refused = Counter.builder("resumable.ws.log.refused")
			.description("Events refused because the log could not take them")
			.baseUnit("events")
			.register(registry);
		this.sentFromLog = sent("log");
		this.sentFromMemory = sent("memory");
	}

	@Override
	public void onHandshakeRefused(int status) {
		Counter.builder("resumable.ws.handshakes.refused")
			.description("Handshakes that were refused")
			.tag("status", String.valueOf(status))
			.register(this.registry)
			.increment();
	}

	@Override
	public void onSecurityEvent(SecurityEvent event) {
		Counter.builder("resumable.ws.security.events")
			.description("Refusals, limits that were exceeded, and other events of security")
			.tag("kind", event.kind().name().toLowerCase(Locale.ROOT))
			.tag("reason", event.reason())
			.register(this.registry)
			.increment();
	}

	@Override
	public void onConnectionOpened(boolean resumed) {
		this.open.incrementAndGet();
		Counter.builder("resumable.ws.connections.opened")
			.description("Connections that were opened")
			.tag("resumed", String.valueOf(resumed))
			.register(this.registry)
			.increment();
	}

	@Override
	public void onConnectionClosed(int code) {
		this.open.decrementAndGet();
		Counter.builder("resumable.ws.connections.closed")
			.description("Connections that were closed")
			.tag("code", CLOSE_CODES.contains(code) ? String.valueOf(code) : "other")
			.register(this.registry)
			.increment();
	}

	@Override
	public void onBatchStored(int events, Duration duration) {
		this.batches.record(duration);
		this.batchSize.record(events);
	}

	@Override
	public void onAppendRefused() {
		this.refused.increment();
	}

	@Override
	public void onEventsSent(int events, boolean replayed) {
		(replayed ? this.sentFromLog : this.sentFromMemory).increment(events);
	}

	@Override
	public void onReplyEnded(String outcome, Duration duration) {
		Timer.builder("resumable.ws.replies")
			.description("Time from a reply's start to its end")
			.tag("outcome", outcome)
			.register(this.registry)
			.record(duration);
	}

	@Override
	public void onCleanedUp(String what, long rows) {
		Counter.builder("resumable.ws.cleanup.rows")
			.description("Rows that the cleanup removed")
			.baseUnit("rows")
			.tag("what", what)
			.register(this.registry)
			.increment(rows);
	}

	@Override
	public void onCleanupOverdue(String what, Duration overdue) {
		this.overdueSeconds.computeIfAbsent(what, (key) -> {
			AtomicLong seconds = new AtomicLong();
			TimeGauge.builder("resumable.ws.cleanup.overdue", seconds, TimeUnit.SECONDS, AtomicLong::get)
				.description("Time for which the oldest row is past its time after a cleanup")
				.tag("what", key)
				.register(this.registry);
			return seconds;
		}).set(overdue.toSeconds());
	}

	private Counter sent(String source) {
		return Counter.builder("resumable.ws.events.sent")
			.description("Events sent to clients")
			.baseUnit("events")
			.tag("source", source)
			.register(this.registry);
	}

}
