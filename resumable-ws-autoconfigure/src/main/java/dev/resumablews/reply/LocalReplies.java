package dev.resumablews.reply;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.log.Appended;
import dev.resumablews.log.Draft;
import dev.resumablews.log.EventLog;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The replies that run on this node.
 */
final class LocalReplies implements Replies, AutoCloseable {

	private static final Log logger = LogFactory.getLog(LocalReplies.class);

	private static final Duration LONGEST_TICK = Duration.ofSeconds(1);

	private static final Duration SHORTEST_TICK = Duration.ofMillis(10);

	private final EventLog log;

	private final @Nullable ReplyGenerator generator;

	private final ReplySettings settings;

	private final ReplyThreads threads;

	private final List<ResumableWsListener> listeners;

	private final Turns turns;

	private final Map<UUID, Reply> running = new ConcurrentHashMap<>();

	private final ScheduledExecutorService timer;

	private volatile boolean draining;

	/**
	 * Creates the replies of this node.
	 * @param log where they are stored
	 * @param generator what answers; null when user messages are stored and no more
	 * @param settings their bounds
	 * @param threads the threads that generators are called on; closed with these replies
	 * @param listeners who is told
	 */
	LocalReplies(EventLog log, @Nullable ReplyGenerator generator, ReplySettings settings, ReplyThreads threads,
			List<ResumableWsListener> listeners) {
		this.log = log;
		this.generator = generator;
		this.settings = settings;
		this.threads = threads;
		this.listeners = List.copyOf(listeners);
		this.turns = new Turns(settings.maxConcurrent(), settings.maxWaiting(), threads);
		this.timer = Executors.newSingleThreadScheduledExecutor(LocalReplies::timerThread);
		long tick = tick(settings).toNanos();
		this.timer.scheduleWithFixedDelay(this::checkTime, tick, tick, TimeUnit.NANOSECONDS);
	}

	@Override
	public CompletableFuture<Appended> submit(UUID sessionId, String userId, String content, UUID idempotencyKey,
			Consumer<Appended> onStored) {
		if (this.draining) {
			return CompletableFuture.failedFuture(new EventLogUnavailableException("The server is stopping"));
		}
		String payload = ReplyEvents.userMessage(content, idempotencyKey);
		Draft draft = Draft.of(sessionId, ReplyEvents.USER_MESSAGE, payload).once(userId, idempotencyKey);
		ReplyGenerator answering = this.generator;
		if (answering == null) {
			return this.log.append(draft, onStored);
		}
		return this.log.append(draft, (stored) -> {
			begin(new Reply(sessionId, userId, stored.eventId(), this, answering));
			onStored.accept(stored);
		});
	}

	private void begin(Reply reply) {
		this.running.put(reply.messageId(), reply);
		reply.announce();
		if (this.draining) {
			reply.fail(ReplyFailure.INTERRUPTED);
		}
		else if (!this.turns.take(reply)) {
			reply.fail(ReplyFailure.OVERLOADED);
		}
	}

	@Override
	public boolean cancel(UUID sessionId, @Nullable UUID messageId) {
		boolean cancelled = false;
		for (Reply reply : this.running.values()) {
			if (reply.sessionId().equals(sessionId) && (messageId == null || reply.messageId().equals(messageId))) {
				cancelled |= reply.cancel();
			}
		}
		return cancelled;
	}

	@Override
	public void drain(Duration grace) {
		this.draining = true;
		this.turns.clear().forEach((reply) -> reply.fail(ReplyFailure.INTERRUPTED));
		CompletableFuture<?>[] last = this.running.values()
			.stream()
			.map(Reply::stored)
			.toArray(CompletableFuture<?>[]::new);
		try {
			CompletableFuture.allOf(last).get(grace.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException | ExecutionException ex) {
			logger.debug("Replies are still running after " + grace);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		this.running.values().forEach((reply) -> reply.fail(ReplyFailure.INTERRUPTED));
	}

	@Override
	public void close() {
		drain(Duration.ZERO);
		this.timer.shutdownNow();
		this.threads.close();
	}

	EventLog log() {
		return this.log;
	}

	ReplySettings settings() {
		return this.settings;
	}

	Executor executor() {
		return this.threads;
	}

	void ended(Reply reply, String outcome, Duration duration) {
		this.running.remove(reply.messageId());
		this.listeners.forEach((listener) -> listener.onReplyEnded(outcome, duration));
	}

	private void checkTime() {
		for (Reply reply : this.running.values()) {
			try {
				reply.checkTime();
			}
			catch (RuntimeException ex) {
				logger.warn("Reply " + reply.messageId() + " could not be timed", ex);
			}
		}
	}

	/**
	 * A twentieth of the shorter time-out: exact enough, and cheap.
	 */
	private static Duration tick(ReplySettings settings) {
		Duration shorter = (settings.idleTimeout().compareTo(settings.maxDuration()) < 0) ? settings.idleTimeout()
				: settings.maxDuration();
		Duration tick = shorter.dividedBy(20);
		if (tick.compareTo(SHORTEST_TICK) < 0) {
			return SHORTEST_TICK;
		}
		return (tick.compareTo(LONGEST_TICK) > 0) ? LONGEST_TICK : tick;
	}

	private static Thread timerThread(Runnable task) {
		Thread thread = new Thread(task, "resumable-ws-reply-timer");
		thread.setDaemon(true);
		return thread;
	}

}
