package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.SqlStates;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One writer of the log. Its thread takes all that is waiting and stores it in one
 * commit: batches grow with the load, and add no delay when there is none. If there is
 * some, a batch waits for the commit interval. Appending is safe for use by many threads.
 */
final class GroupCommitWriter {

	private static final Log logger = LogFactory.getLog(GroupCommitWriter.class);

	private static final long MAX_BATCH_CHARACTERS = 4 * 1024 * 1024;

	/**
	 * The same key sent to two nodes at once makes one of them try again; more than a few
	 * times in a row, it is no race.
	 */
	private static final int MAX_KEY_RACES = 10;

	/**
	 * How long the thread may take to notice that it is abandoned.
	 */
	private static final long LAST_WAIT_MILLIS = 500;

	private final LogSettings settings;

	private final SessionFeeds feeds;

	private final ResumableWsListener listener;

	private final BatchWriter writer;

	private final LinkedBlockingQueue<QueuedAppend> queue = new LinkedBlockingQueue<>();

	private final AtomicInteger waiting = new AtomicInteger();

	private final AtomicLong waitingCharacters = new AtomicLong();

	private final CountDownLatch abandoned = new CountDownLatch(1);

	private final Thread thread;

	/**
	 * What is being written; replaced by the lane's thread, read by the one that expires.
	 */
	private volatile List<QueuedAppend> batch = List.of();

	/**
	 * Taken from the queue, but too much for the batch before it. Replaced by the lane's
	 * thread.
	 */
	private volatile @Nullable QueuedAppend next;

	/**
	 * When the batch before this one was begun, and how many events it held. Used by the
	 * lane's thread alone.
	 */
	private long begunAt = System.nanoTime();

	private int begunWith;

	private volatile boolean stopping;

	GroupCommitWriter(String name, LogSettings settings, JdbcExecutor database, AppendStatement statement,
			SessionFeeds feeds, ResumableWsListener listener) {
		this.settings = settings;
		this.feeds = feeds;
		this.listener = listener;
		this.writer = new BatchWriter(database, statement, listener, this.abandoned);
		this.thread = new Thread(this::run, name);
		this.thread.setDaemon(true);
	}

	void start() {
		this.thread.start();
	}

	CompletableFuture<AppendResult> append(AppendRequest draft, Consumer<AppendResult> onStored) {
		QueuedAppend append = new QueuedAppend(draft, onStored,
				System.nanoTime() + this.settings.appendTimeout().toNanos());
		if (this.stopping) {
			return refuse(append, "The event log is being stopped");
		}
		int count = this.waiting.incrementAndGet();
		long characters = this.waitingCharacters.addAndGet(append.waitingLength());
		if (!draft.patient()
				&& (count > this.settings.queueCapacity() || characters > this.settings.queueCharacters())) {
			left(append);
			return refuse(append, "The event log is full: %d events of %d characters are waiting".formatted(count - 1,
					characters - append.waitingLength()));
		}
		this.queue.add(append);
		if (this.stopping && !this.thread.isAlive() && this.queue.remove(append)) {
			left(append);
			return refuse(append, "The event log is being stopped");
		}
		return append.result();
	}

	/**
	 * Refuses what has waited too long. What is being written at that moment may be
	 * stored all the same.
	 */
	void expire(long now) {
		this.batch.forEach((append) -> expire(append, now));
		QueuedAppend next = this.next;
		if (next != null) {
			expire(next, now);
		}
		for (QueuedAppend append : this.queue) {
			expire(append, now);
		}
	}

	/**
	 * Stores what is waiting and ends the lane's thread, which waits no longer than the
	 * timeout for Postgres.
	 */
	void stop(Duration timeout) {
		this.stopping = true;
		try {
			this.thread.join(Math.max(1, timeout.toMillis()));
			this.abandoned.countDown();
			this.thread.join(LAST_WAIT_MILLIS);
		}
		catch (InterruptedException ex) {
			this.abandoned.countDown();
			Thread.currentThread().interrupt();
		}
		refuseAll(this.batch);
		List<QueuedAppend> rest = new ArrayList<>();
		QueuedAppend next = this.next;
		if (next != null) {
			rest.add(next);
		}
		this.queue.drainTo(rest);
		refuseAll(rest);
	}

	private void run() {
		try {
			while (!(this.stopping && this.queue.isEmpty() && this.next == null)) {
				List<QueuedAppend> taken = take();
				if (!taken.isEmpty()) {
					this.batch = taken;
					writeOrFail(taken);
					this.batch = List.of();
				}
			}
		}
		catch (BatchWriter.Abandoned | InterruptedException ex) {
			logger.warn("The event log was stopped before all that was waiting could be stored");
		}
	}

	private void writeOrFail(List<QueuedAppend> taken) throws BatchWriter.Abandoned {
		try {
			write(taken);
		}
		catch (RuntimeException | Error ex) {
			// the lane's only thread has to go on, even if there was not enough memory
			// for a batch
			logger.error("The event log failed to write a batch", ex);
			taken.forEach((append) -> append.result()
				.completeExceptionally(new EventLogUnavailableException("The event log failed", ex)));
		}
	}

	private List<QueuedAppend> take() throws InterruptedException {
		List<QueuedAppend> taken = new ArrayList<>();
		long characters = 0;
		QueuedAppend append = (this.next != null) ? this.next : this.queue.poll(100, TimeUnit.MILLISECONDS);
		this.next = append;
		if (append != null) {
			gather();
		}
		this.next = null;
		while (append != null) {
			left(append);
			if (append.settle()) {
				taken.add(append);
				characters += append.payload().length();
			}
			append = (taken.size() < this.settings.maxBatch()) ? this.queue.poll() : null;
			if (append != null && characters + append.waitingLength() > MAX_BATCH_CHARACTERS) {
				this.next = append;
				append = null;
			}
		}
		this.begunWith = taken.size();
		return taken;
	}

	/**
	 * Lets more events come to a batch that would follow too soon on another one. Whoever
	 * appends one event after the other does not wait, as there is nothing to wait for.
	 */
	private void gather() throws InterruptedException {
		long left = this.begunAt + this.settings.commitInterval().toNanos() - System.nanoTime();
		if (left > 0 && this.begunWith > 1 && this.waiting.get() < this.settings.maxBatch() && !this.stopping) {
			this.abandoned.await(left, TimeUnit.NANOSECONDS);
		}
		this.begunAt = System.nanoTime();
	}

	private void write(List<QueuedAppend> taken) throws BatchWriter.Abandoned {
		List<QueuedAppend> batch = taken;
		for (int attempts = 1; !batch.isEmpty(); attempts++) {
			Map<QueuedAppend, QueuedAppend> repeats = new LinkedHashMap<>();
			List<QueuedAppend> distinct = withoutRepeats(batch, repeats);
			try {
				deliver(distinct, this.writer.attempt(distinct));
				repeats.forEach(GroupCommitWriter::repeat);
				return;
			}
			catch (SQLException ex) {
				if (SqlStates.isRejectedData(ex) || attempts >= MAX_KEY_RACES && SqlStates.isUniqueViolation(ex)) {
					isolate(batch, ex);
					return;
				}
				this.writer.pause(attempts, ex);
			}
			batch = batch.stream().filter((append) -> !append.result().isDone()).toList();
		}
	}

	/**
	 * Writes each append of its own when one of them is rejected for what it holds, so
	 * that the others do not suffer.
	 */
	private void isolate(List<QueuedAppend> batch, SQLException cause) throws BatchWriter.Abandoned {
		if (batch.size() > 1) {
			for (QueuedAppend append : batch) {
				write(List.of(append));
			}
			return;
		}
		AppendRequest draft = batch.get(0).draft();
		// the lines that follow the first one may quote the payload
		String why = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
		logger.warn("Postgres rejected an event of type '%s' in session %s: %s".formatted(draft.type(),
				draft.sessionId(), why));
		batch.get(0)
			.result()
			.completeExceptionally(new IllegalArgumentException(
					"The event of type '%s' cannot be stored: %s".formatted(draft.type(), why)));
	}

	private void deliver(List<QueuedAppend> batch, List<@Nullable AppendResult> appended) {
		Map<UUID, List<SessionFeed.Recent>> news = new HashMap<>();
		for (int i = 0; i < batch.size(); i++) {
			AppendRequest draft = batch.get(i).draft();
			AppendResult stored = appended.get(i);
			if (stored != null && !stored.duplicate()) {
				news.computeIfAbsent(draft.sessionId(), (id) -> new ArrayList<>())
					.add(batch.get(i).toFeedEntry(stored));
			}
		}
		this.feeds.committed(news);
		for (int i = 0; i < batch.size(); i++) {
			AppendResult stored = appended.get(i);
			CompletableFuture<AppendResult> result = batch.get(i).result();
			if (stored != null) {
				batch.get(i).stored(stored);
				result.complete(stored);
			}
			else {
				result.completeExceptionally(refusal(batch.get(i).draft()));
			}
		}
	}

	/**
	 * The log does not say why an event of a reply was refused; that its session is
	 * closed is noticed by whoever claims the reply next.
	 */
	private static RuntimeException refusal(AppendRequest draft) {
		ReplyStep step = draft.reply();
		return (step != null && !step.asks()) ? new FencedException(draft.sessionId(), step)
				: new UnknownSessionException(draft.sessionId());
	}

	/**
	 * Leaves out the appends whose key another one in the batch has already.
	 */
	private static List<QueuedAppend> withoutRepeats(List<QueuedAppend> batch,
			Map<QueuedAppend, QueuedAppend> repeats) {
		Map<List<Object>, QueuedAppend> byKey = new HashMap<>();
		List<QueuedAppend> distinct = new ArrayList<>(batch.size());
		for (QueuedAppend append : batch) {
			UUID key = append.draft().idempotencyKey();
			QueuedAppend first = (key != null) ? byKey.putIfAbsent(key(append.draft(), key), append) : null;
			if (first != null) {
				repeats.put(append, first);
			}
			else {
				distinct.add(append);
			}
		}
		return distinct;
	}

	private static List<Object> key(AppendRequest draft, UUID key) {
		return (draft.userId() != null) ? List.of(draft.sessionId(), key, draft.userId())
				: List.of(draft.sessionId(), key);
	}

	private static void repeat(QueuedAppend repeat, QueuedAppend first) {
		first.result().whenComplete((appended, failure) -> {
			if (failure != null) {
				repeat.result().completeExceptionally(failure);
			}
			else {
				repeat.result().complete(new AppendResult(appended.eventId(), true, appended.createdAt()));
			}
		});
	}

	private void expire(QueuedAppend append, long now) {
		if (append.expired(now) && !append.result().isDone()) {
			refuse(append, "The event could not be stored within " + this.settings.appendTimeout());
		}
	}

	private CompletableFuture<AppendResult> refuse(QueuedAppend append, String why) {
		if (append.result().completeExceptionally(new EventLogUnavailableException(why))) {
			this.listener.onAppendRefused();
		}
		return append.result();
	}

	private void refuseAll(List<QueuedAppend> appends) {
		appends.forEach((append) -> refuse(append, "The event log was stopped before the event was stored"));
	}

	private void left(QueuedAppend append) {
		this.waiting.decrementAndGet();
		this.waitingCharacters.addAndGet(-append.waitingLength());
	}

}
