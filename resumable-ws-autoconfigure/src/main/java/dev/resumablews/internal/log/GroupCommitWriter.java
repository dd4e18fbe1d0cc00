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
 * One writer of the log. Its thread takes all queued appends and stores them in one
 * commit, so batches grow with load. It never waits for a session that another
 * transaction has locked: the appends of that session are parked and retried in order.
 * Appending is safe for use by many threads.
 */
final class GroupCommitWriter {

	static final BackOff BACK_OFF = new BackOff(Duration.ofMillis(20), Duration.ofSeconds(1));

	/**
	 * Another writer's transaction ends within milliseconds, but a busy writer soon
	 * begins the next one. Because this writer does not wait for locks, it is not in
	 * Postgres's lock queue, and must retry often enough to find the session unlocked. A
	 * retry is cheap, because it is part of the next batch.
	 */
	private static final BackOff LOCKED_BACK_OFF = new BackOff(Duration.ofMillis(1), Duration.ofMillis(25));

	private static final Log logger = LogFactory.getLog(GroupCommitWriter.class);

	/**
	 * If the same key is sent to two nodes at once, one of them must retry. More
	 * violations in a row are not caused by a race.
	 */
	private static final int MAX_KEY_RACES = 10;

	/**
	 * A response from Postgres is considered current for this time.
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
	 * The writer's thread; null before the first batch.
	 */
	private volatile @Nullable Thread thread;

	/**
	 * The batch being written. Replaced by the writer's thread, read by the thread that
	 * expires appends.
	 */
	private volatile List<QueuedAppend> batch = List.of();

	private volatile boolean writing;

	/**
	 * Set by any thread, cleared by the writer's thread. The three fields below are set
	 * by the writer's thread.
	 */
	private volatile boolean probeRequested;

	/**
	 * Start of the current attempt, by {@link System#nanoTime()}; null if there is none.
	 */
	private volatile @Nullable Long attemptedAt;

	/**
	 * Time of the last response from Postgres, by {@link System#nanoTime()}; null if
	 * there was none.
	 */
	private volatile @Nullable Long answeredAt;

	private volatile @Nullable Instant lastCommit;

	GroupCommitWriter(String name, LogSettings settings, JdbcExecutor database, AppendStatement statement,
			SessionFeeds feeds, ResumableWsListener listener) {
		this.settings = settings;
		this.listener = listener;
		this.queue = new AppendQueue(settings, LOCKED_BACK_OFF);
		this.collector = new BatchCollector(this.queue, settings, System::nanoTime);
		this.writer = new BatchWriter(database.reserved(), statement);
		this.publisher = new CommitPublisher(feeds);
		this.loop = new SupervisedLoop(name, "Writing the event log", BACK_OFF, this::step);
	}

	/**
	 * Returns whether the current thread is the writer's thread.
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
	 * Requests a check whether Postgres accepts writes, unless that was known recently.
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
	 * Rejects appends that have waited too long. Appends that are being written may still
	 * be stored.
	 */
	void expire(long now) {
		expire(now, this.batch);
		this.queue.forEach((append) -> expire(append, now));
	}

	/**
	 * Returns the delay before the next attempt at a batch. It is no longer than the
	 * remaining time of the batch's appends, because the next batch has its own time-out.
	 * @param attempts number of failed attempts
	 * @param batch the batch to store
	 * @param now the time
	 */
	static Duration delay(int attempts, List<QueuedAppend> batch, long now) {
		long longest = batch.stream().mapToLong((append) -> append.nanosLeft(now)).max().orElse(0);
		return Duration.ofNanos(Math.min(BACK_OFF.delay(attempts).toNanos(), longest));
	}

	/**
	 * Stores the queued appends and stops the writer's thread. Waits for Postgres no
	 * longer than the timeout.
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
			// handles even an OutOfMemoryError caused by a batch
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
	 * Makes an attempt, and records its duration and the response from Postgres.
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
	 * Stores each append separately, so that one that Postgres rejects does not fail the
	 * others.
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
		// further lines of the message may quote the payload
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
			this.listener.onAppendRejected();
		}
	}

	/**
	 * A request to Postgres.
	 *
	 * @param <T> its result
	 * @param <X> exception thrown if the log is shutting down
	 */
	@FunctionalInterface
	private interface Attempt<T, X extends Exception> {

		T run() throws SQLException, X;

	}

}
