package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import dev.resumablews.ConversationMessage;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import org.jspecify.annotations.Nullable;

/**
 * The log, written by its lanes. Every event of a session goes to the same lane.
 */
public final class PostgresEventLog implements EventLog, AutoCloseable {

	private static final Duration EXPIRY_INTERVAL = Duration.ofMillis(100);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

	private final List<GroupCommitWriter> lanes = new ArrayList<>();

	private final SessionTable sessions;

	private final EventTable events;

	private final ScheduledExecutorService clock;

	/**
	 * Appends whose future is not done yet.
	 */
	private final AtomicLong open = new AtomicLong();

	public PostgresEventLog(LogSettings settings, JdbcExecutor database, AppendStatement statement, SessionFeeds feeds,
			ResumableWsListener listener) {
		this.sessions = new SessionTable(database);
		this.events = new EventTable(database, settings.maxPageBytes());
		for (int i = 0; i < settings.lanes(); i++) {
			this.lanes
				.add(new GroupCommitWriter("resumable-ws-log-" + i, settings, database, statement, feeds, listener));
		}
		this.clock = Executors.newSingleThreadScheduledExecutor((task) -> {
			Thread thread = new Thread(task, "resumable-ws-log-clock");
			thread.setDaemon(true);
			return thread;
		});
		this.clock.scheduleWithFixedDelay(this::expire, EXPIRY_INTERVAL.toMillis(), EXPIRY_INTERVAL.toMillis(),
				TimeUnit.MILLISECONDS);
		this.lanes.forEach(GroupCommitWriter::start);
	}

	@Override
	public CompletableFuture<AppendResult> append(AppendRequest draft, Consumer<AppendResult> onStored) {
		CompletableFuture<AppendResult> result = this.lanes
			.get(Math.floorMod(draft.sessionId().hashCode(), this.lanes.size()))
			.append(draft, onStored);
		this.open.incrementAndGet();
		result.whenComplete((appended, failure) -> this.open.decrementAndGet());
		return result;
	}

	@Override
	public List<SessionEvent> read(UUID sessionId, long afterEventId, int limit) {
		return this.events.read(sessionId, afterEventId, limit);
	}

	@Override
	public List<ConversationMessage> conversation(UUID sessionId, long lastUserMessage, int limit) {
		return this.events.conversation(sessionId, lastUserMessage, limit);
	}

	@Override
	public OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId) {
		return this.sessions.open(sessionId, newSessionId, userId, lastEventId);
	}

	@Override
	public boolean flush(Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (this.open.get() > 0 && System.nanoTime() < deadline) {
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
		}
		return this.open.get() == 0;
	}

	/**
	 * Stores what is waiting, as far as Postgres answers, and stops the lanes.
	 */
	@Override
	public void close() {
		this.clock.shutdownNow();
		long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
		this.lanes.forEach((lane) -> lane.stop(Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))));
	}

	private void expire() {
		long now = System.nanoTime();
		this.lanes.forEach((lane) -> lane.expire(now));
	}

}
