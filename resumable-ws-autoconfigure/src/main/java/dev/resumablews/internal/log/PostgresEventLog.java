package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import dev.resumablews.ConversationMessage;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.SessionSummary;
import dev.resumablews.internal.codec.StoredPayloads;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedScheduler;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.status.OutageSource;
import dev.resumablews.internal.status.WriterStatus;
import dev.resumablews.internal.observation.Observations;
import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * The log in Postgres, written by several {@link GroupCommitWriter}s. All events of a
 * session are written by the same writer.
 */
public final class PostgresEventLog implements EventLog, WriterStatus.Source, OutageSource, AutoCloseable {

	private static final Duration EXPIRY_INTERVAL = Duration.ofMillis(100);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

	private final List<GroupCommitWriter> writers = new ArrayList<>();

	private final StoredPayloads payloads;

	private final Observations observations;

	private final SessionTable sessions;

	private final EventTable events;

	private final SupervisedScheduler clock = new SupervisedScheduler("resumable-ws-log-clock");

	/**
	 * Number of appends whose future is not done.
	 */
	private final AtomicLong open = new AtomicLong();

	public PostgresEventLog(LogSettings settings, JdbcExecutor database, SessionTable sessions,
			AppendStatement statement, SessionFeeds feeds, ResumableWsListener listener) {
		this(settings, database, sessions, statement, feeds, listener, StoredPayloads.PLAIN, Observations.NONE);
	}

	public PostgresEventLog(LogSettings settings, JdbcExecutor database, SessionTable sessions,
			AppendStatement statement, SessionFeeds feeds, ResumableWsListener listener, StoredPayloads payloads,
			Observations observations) {
		this.payloads = payloads;
		this.observations = observations;
		this.sessions = sessions;
		this.events = new EventTable(database, payloads, settings.maxPageBytes());
		for (int i = 0; i < settings.writers(); i++) {
			this.writers
				.add(new GroupCommitWriter("resumable-ws-log-" + i, settings, database, statement, feeds, listener));
		}
		this.clock.every(EXPIRY_INTERVAL, "Rejecting events that have waited too long", this::expire);
		this.clock.start();
		this.writers.forEach(GroupCommitWriter::start);
	}

	@Override
	public StoredPayloads payloads() {
		return this.payloads;
	}

	@Override
	public CompletableFuture<AppendResult> append(AppendRequest plain, Consumer<AppendResult> onStored) {
		Observation observation = AppendObservation.start(this.observations, plain);
		AppendRequest request;
		try {
			request = plain.encoded(this.payloads);
		}
		catch (PayloadCodecException | EventLogUnavailableException ex) {
			AppendObservation.stop(observation, null, ex);
			return CompletableFuture.failedFuture(ex);
		}
		this.open.incrementAndGet();
		CompletableFuture<AppendResult> result = this.writers
			.get(Math.floorMod(request.sessionId().hashCode(), this.writers.size()))
			.append(request, onStored);
		result.whenComplete((appended, failure) -> this.open.decrementAndGet());
		if (!observation.isNoop()) {
			result.whenComplete((appended, failure) -> AppendObservation.stop(observation, appended, failure));
		}
		return result;
	}

	@Override
	public List<SessionEvent> read(UUID sessionId, long afterEventId, int limit) {
		return page(sessionId, afterEventId, limit).map(LogPage::events).orElse(List.of());
	}

	@Override
	public Optional<LogPage> page(UUID sessionId, long afterEventId, int limit) {
		return storedPage(sessionId, afterEventId, limit).map(StoredPage::decode);
	}

	@Override
	public Optional<StoredPage> storedPage(UUID sessionId, long afterEventId, int limit) {
		return this.events.page(sessionId, afterEventId, limit);
	}

	@Override
	public List<ConversationMessage> conversation(UUID sessionId, long lastUserMessage, int maxMessages,
			int maxCharacters) {
		return this.events.conversation(sessionId, lastUserMessage, maxMessages, maxCharacters);
	}

	@Override
	public OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId,
			@Nullable Forks forks) {
		return this.sessions.open(sessionId, newSessionId, userId, lastEventId, forks);
	}

	@Override
	public Optional<SessionSummary> find(UUID sessionId) {
		return this.sessions.find(sessionId);
	}

	@Override
	public boolean isWriterThread() {
		return this.writers.stream().anyMatch(GroupCommitWriter::isCurrentThread);
	}

	@Override
	public boolean flush(Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (this.open.get() > 0 && System.nanoTime() < deadline) {
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
		}
		return this.open.get() == 0;
	}

	@Override
	public List<WriterStatus> writers() {
		return this.writers.stream().map(GroupCommitWriter::status).toList();
	}

	@Override
	public void probe() {
		this.writers.forEach(GroupCommitWriter::probe);
	}

	@Override
	public List<Outage> outages() {
		return this.clock.outages();
	}

	/**
	 * Stores the queued events if Postgres is available, and stops the writers.
	 */
	@Override
	public void close() {
		this.clock.stop();
		long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
		this.writers.forEach((writer) -> writer.stop(Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))));
	}

	private void expire() {
		long now = System.nanoTime();
		this.writers.forEach((writer) -> writer.expire(now));
	}

}
