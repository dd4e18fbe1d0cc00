package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.concurrent.Monitors;
import dev.resumablews.internal.concurrent.OutageLog;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.SqlStates;
import dev.resumablews.internal.status.WriterStatus;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One writer of the log. Its thread takes all that waits and stores it in one commit, so
 * batches grow with the load. It never waits for a session that another transaction has
 * locked: the appends of that session are parked and tried again, in order. Appending is
 * safe for use by many threads.
 */
final class GroupCommitWriter {

	static final BackOff BACK_OFF = new BackOff(Duration.ofMillis(20), Duration.ofSeconds(1));

	/**
	 * Another writer's transaction is over within milliseconds, but a busy one begins the
	 * next soon. No lock is waited for, so there is no queue for it either: a session is
	 * tried often enough to get its turn. That costs little, as it is tried together with
	 * whatever else is stored.
	 */
	private static final BackOff LOCKED_BACK_OFF = new BackOff(Duration.ofMillis(1), Duration.ofMillis(25));

	private static final Log logger = LogFactory.getLog(GroupCommitWriter.class);

	/**
	 * The same key sent to two nodes at once makes one of them try again; more than a few
	 * times in a row, it is no race.
	 */
	private static final int MAX_KEY_RACES = 10;

	/**
	 * What Postgres has answered within this time counts as known.
	 */
	private static final Duration PROBE_INTERVAL = Duration.ofSeconds(5);

	private final LogSettings settings;

	private final ResumableWsListener listener;

	private final AppendQueue queue;

	private final BatchCollector collector;

	private final BatchWriter writer;

	private final CommitPublisher publisher;

	private final OutageLog outages = new OutageLog("Writing the event log");

	private final SupervisedLoop loop;

	/**
	 * The thread that writes; null before the first batch.
	 */
	private volatile @Nullable Thread thread;

	/**
	 * What is being written; replaced by the writer's thread, read by the one that
	 * expires.
	 */
	private volatile List<QueuedAppend> batch = List.of();

	private volatile boolean writing;

	/**
	 * Set by any thread; cleared by the writer's. The three that follow are set by the
	 * writer's thread.
	 */
	private volatile boolean probeRequested;

	/**
	 * When the current attempt began, by {@link System#nanoTime()}; null if there is
	 * none.
	 */
	private volatile @Nullable Long attemptedAt;

	/**
	 * When Postgres last answered, by {@link System#nanoTime()}; null if it never did.
	 */
	private volatile @Nullable Long answeredAt;

	private volatile @Nullable Instant lastCommit;

	GroupCommitWriter(String name, LogSettings settings, JdbcExecutor database, AppendStatement statement,
			SessionFeeds feeds, ResumableWsListener listener) {
		this.settings = settings;
		this.listener = listener;
		this.queue = new AppendQueue(settings, LOCKED_BACK_OFF);
		this.collector = new BatchCollector(this.queue, settings);
		this.writer = new BatchWriter(database.reserved(), statement);
		this.publisher = new CommitPublisher(feeds);
		this.loop = new SupervisedLoop(name, "Writing the event log", BACK_OFF, this::step);
	}

	/**
	 * Whether the current thread is the one that writes.
	 */
	boolean isCurrentThread() {
		return this.thread == Thread.currentThread();
	}

	void start() {
		this.loop.start();
	}

	CompletableFuture<AppendResult> append(AppendRequest request, Consumer<AppendResult> onStored) {
		QueuedAppend append = new QueuedAppend(request, onStored,
				System.nanoTime() + this.settings.appendTimeout().toNanos());
		String refusal = this.queue.add(append);
		if (refusal != null) {
			refuse(append, refusal);
		}
		return append.result();
	}

	/**
	 * Finds out whether a batch could be written, unless that was known shortly before.
	 * Does not block.
	 */
	void probe() {
		Long answered = this.answeredAt;
		boolean known = answered != null && System.nanoTime() - answered < PROBE_INTERVAL.toNanos();
		if (!known || this.outages.isFailing()) {
			this.probeRequested = true;
		}
	}

	WriterStatus status() {
		List<QueuedAppend> batch = this.batch;
		long now = System.nanoTime();
		QueuedAppend oldest = this.queue.oldest();
		for (QueuedAppend append : batch) {
			if (oldest == null || append.deadline() - oldest.deadline() < 0) {
				oldest = append;
			}
		}
		Duration waited = (oldest == null) ? Duration.ZERO
				: this.settings.appendTimeout().minusNanos(oldest.deadline() - now).truncatedTo(ChronoUnit.MILLIS);
		Long attempted = this.attemptedAt;
		return new WriterStatus(this.queue.waiting() + batch.size(), this.queue.characters(), waited,
				(attempted != null) ? Duration.ofNanos(now - attempted).truncatedTo(ChronoUnit.MILLIS) : null,
				this.lastCommit, this.outages.outage());
	}

	/**
	 * Refuses what has waited too long. What is being written at that moment may be
	 * stored nevertheless.
	 */
	void expire(long now) {
		expire(now, this.batch);
		this.queue.forEach((append) -> expire(append, now));
	}

	/**
	 * Returns how long to wait before the next attempt at a batch: no longer than one of
	 * its appends may wait, since the next batch has its own time.
	 * @param attempts how many have failed
	 * @param batch what is to be stored
	 * @param now the time
	 */
	static Duration delay(int attempts, List<QueuedAppend> batch, long now) {
		long longest = batch.stream().mapToLong((append) -> append.nanosLeft(now)).max().orElse(0);
		return Duration.ofNanos(Math.min(BACK_OFF.delay(attempts).toNanos(), longest));
	}

	/**
	 * Stores what waits and ends the writer's thread, which waits no longer than the
	 * timeout for Postgres.
	 */
	void stop(Duration timeout) {
		this.queue.close();
		awaitDrained(timeout);
		this.loop.stop(Duration.ofMillis(1));
		List<QueuedAppend> rest = new ArrayList<>(this.batch);
		this.queue.forEach(rest::add);
		rest.removeIf((append) -> append.result().isDone());
		if (!rest.isEmpty()) {
			logger.warn("The event log was stopped before %s could be stored"
				.formatted((rest.size() == 1) ? "1 event" : rest.size() + " events"));
			rest.forEach((append) -> refuse(append, "The event log was stopped before the event was stored"));
		}
	}

	private void awaitDrained(Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		synchronized (this) {
			try {
				Monitors.await(this, () -> !this.writing && this.queue.isEmpty(), deadline);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

	private void step(SupervisedLoop.Control control) throws Exception {
		this.thread = Thread.currentThread();
		this.writing = true;
		try {
			List<QueuedAppend> taken = this.collector.take(control);
			if (!taken.isEmpty()) {
				this.batch = taken;
				writeOrFail(taken, control);
			}
			else if (this.probeRequested) {
				probeNow();
			}
		}
		finally {
			this.queue.written();
			this.batch = List.of();
			synchronized (this) {
				this.writing = false;
				notifyAll();
			}
		}
	}

	private void probeNow() {
		try {
			attempt(() -> {
				this.writer.probe();
				return true;
			});
		}
		catch (SQLException ex) {
			this.outages.failed(ex);
		}
		finally {
			this.probeRequested = false;
		}
	}

	private void writeOrFail(List<QueuedAppend> taken, SupervisedLoop.Control control) {
		try {
			write(taken, control);
		}
		catch (BatchWriter.Abandoned ex) {
			taken.forEach((append) -> refuse(append, "The event log was stopped before the event was stored"));
		}
		catch (RuntimeException | Error ex) {
			// even if there was not enough memory for a batch
			logger.error("The event log failed to write a batch", ex);
			taken.forEach((append) -> append.result()
				.completeExceptionally(new EventLogUnavailableException("The event log failed", ex)));
		}
	}

	private void write(List<QueuedAppend> taken, SupervisedLoop.Control control) throws BatchWriter.Abandoned {
		List<QueuedAppend> batch = taken;
		for (int attempts = 1; !batch.isEmpty(); attempts++) {
			DistinctAppends distinct = DistinctAppends.of(batch);
			try {
				attempt(distinct.appends(), control);
				distinct.completeRepeats();
				return;
			}
			catch (SQLException ex) {
				boolean race = SqlStates.isUniqueViolation(ex);
				if (SqlStates.isRejectedData(ex) || race && attempts >= MAX_KEY_RACES) {
					isolate(batch, ex, control);
					return;
				}
				if (!race) {
					this.outages.failed(ex);
					BatchWriter.pause(delay(attempts, batch, System.nanoTime()), control);
					expire(System.nanoTime(), batch);
				}
			}
			batch = batch.stream().filter((append) -> !append.result().isDone()).toList();
		}
	}

	private void attempt(List<QueuedAppend> batch, SupervisedLoop.Control control)
			throws SQLException, BatchWriter.Abandoned {
		long start = System.nanoTime();
		AppendOutcome outcome = attempt(() -> this.writer.attempt(batch, control));
		this.lastCommit = Instant.now().truncatedTo(ChronoUnit.MILLIS);
		List<QueuedAppend> busy = this.publisher.publish(batch, outcome);
		if (!busy.isEmpty()) {
			this.queue.park(busy);
		}
		if (busy.size() < batch.size()) {
			this.listener.onBatchStored(batch.size() - busy.size(), Duration.ofNanos(System.nanoTime() - start));
		}
	}

	/**
	 * Notes how long Postgres takes, and that it has answered.
	 */
	private <T, X extends Exception> T attempt(Attempt<T, X> attempt) throws SQLException, X {
		this.attemptedAt = System.nanoTime();
		try {
			T result = attempt.run();
			this.answeredAt = System.nanoTime();
			this.outages.worked();
			return result;
		}
		finally {
			this.attemptedAt = null;
		}
	}

	/**
	 * Stores each append alone, so that one that Postgres rejects fails alone.
	 */
	private void isolate(List<QueuedAppend> batch, SQLException cause, SupervisedLoop.Control control)
			throws BatchWriter.Abandoned {
		if (batch.size() > 1) {
			for (QueuedAppend append : batch) {
				write(List.of(append), control);
			}
			return;
		}
		AppendRequest request = batch.get(0).request();
		// the lines that follow the first one may quote the payload
		String why = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
		logger.warn("Postgres rejected an event of type '%s' in session %s: %s".formatted(request.type(),
				request.sessionId(), why));
		batch.get(0)
			.result()
			.completeExceptionally(new IllegalArgumentException(
					"The event of type '%s' cannot be stored: %s".formatted(request.type(), why)));
	}

	private void expire(long now, List<QueuedAppend> appends) {
		appends.forEach((append) -> expire(append, now));
	}

	private void expire(QueuedAppend append, long now) {
		if (append.expired(now) && !append.result().isDone()) {
			refuse(append, "The event could not be stored within " + this.settings.appendTimeout());
		}
	}

	private void refuse(QueuedAppend append, String why) {
		if (append.result().completeExceptionally(new EventLogUnavailableException(why))) {
			this.listener.onAppendRefused();
		}
	}

	/**
	 * What the writer asks of Postgres.
	 *
	 * @param <T> its result
	 * @param <X> what it throws if the log is being stopped
	 */
	@FunctionalInterface
	private interface Attempt<T, X extends Exception> {

		T run() throws SQLException, X;

	}

}
