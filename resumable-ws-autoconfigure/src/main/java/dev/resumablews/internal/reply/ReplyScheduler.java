package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.internal.reply.JdbcReplyQueue.Claims;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The replies of all nodes, as far as this one cares for them.
 * <ol>
 * <li>A user message is stored together with the row of its reply, which then waits for
 * this node. So no reply is forgotten in between.
 * <li>When a message was stored, when a reply has ended, and from time to time, as many
 * replies are claimed as may run: those that wait for this node, and those whose node has
 * not extended its lease.
 * <li>A third of the lease after the last time, the leases of all running replies are
 * extended; the node learns which are to be cancelled, and which it has lost.
 * <li>Whatever is written for a reply carries the number it was claimed with; the event
 * that ends it removes its row.
 * </ol>
 */
final class ReplyScheduler implements Replies, ReplyContext, AutoCloseable {

	private static final Log logger = LogFactory.getLog(ReplyScheduler.class);

	private final EventLog log;

	private final JdbcReplyQueue leases;

	private final NodeNotifier doorbell;

	private final @Nullable ReplyGenerator generator;

	private final ReplySettings settings;

	private final ReplyThreads threads;

	private final ResumableWsListener listener;

	private final Map<UUID, Reply> running = new ConcurrentHashMap<>();

	/**
	 * Replies whose thread is not back, or whose last event is not stored: a generator
	 * that hangs, and a reply that waits for Postgres, count.
	 */
	private final AtomicInteger busy = new AtomicInteger();

	private final ReplyTriggers clock;

	private volatile int waiting;

	private volatile boolean draining;

	/**
	 * Creates the replies of this node.
	 * @param log where they are stored
	 * @param leases which node runs which
	 * @param doorbell tells other nodes when there is something to do
	 * @param generator what answers; null when user messages are stored and no more
	 * @param settings their bounds
	 * @param threads the threads that generators are called on; closed with these replies
	 * @param listener who is told; must not throw
	 */
	ReplyScheduler(EventLog log, JdbcReplyQueue leases, NodeNotifier doorbell, @Nullable ReplyGenerator generator,
			ReplySettings settings, ReplyThreads threads, ResumableWsListener listener) {
		this.log = log;
		this.doorbell = doorbell;
		this.leases = leases;
		this.generator = generator;
		this.settings = settings;
		this.threads = threads;
		this.listener = listener;
		this.clock = new ReplyTriggers(settings, this::claim, this::extend, this::checkTime);
		if (generator != null) {
			this.clock.start();
			doorbell.onRing(this.clock::lookSoon);
		}
	}

	@Override
	public CompletableFuture<AppendResult> submit(UUID sessionId, String userId, String content, UUID idempotencyKey,
			Consumer<AppendResult> onStored) {
		if (this.draining) {
			return CompletableFuture.failedFuture(new EventLogUnavailableException("The server is stopping"));
		}
		AppendRequest.Message message = AppendRequest
			.of(sessionId, ReplyEvents.USER_MESSAGE, ReplyEvents.userMessage(content, idempotencyKey))
			.once(userId, idempotencyKey);
		if (this.generator == null) {
			return this.log.append(message, onStored);
		}
		if (this.waiting > this.settings.maxWaiting()) {
			return CompletableFuture
				.failedFuture(new EventLogUnavailableException(this.waiting + " replies are waiting for their turn"));
		}
		return this.log.append(message.askingForReply(), (stored) -> {
			this.clock.claimSoon();
			onStored.accept(stored);
		});
	}

	@Override
	public boolean cancel(UUID sessionId, String userId, @Nullable UUID messageId) {
		boolean cancelled = this.leases.cancel(sessionId, userId, messageId);
		if (cancelled) {
			this.doorbell.ring();
			this.clock.claimSoon();
		}
		for (Reply reply : this.running.values()) {
			ClaimedReply claim = reply.claim();
			if (claim.sessionId().equals(sessionId) && claim.userId().equals(userId)
					&& (messageId == null || claim.messageId().equals(messageId))) {
				cancelled |= reply.cancel();
			}
		}
		return cancelled;
	}

	@Override
	public void drain(Duration grace) {
		this.draining = true;
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
		giveUp();
	}

	@Override
	public void close() {
		if (!this.draining) {
			drain(Duration.ZERO);
		}
		this.clock.close();
		this.threads.close();
	}

	@Override
	public EventLog log() {
		return this.log;
	}

	@Override
	public ReplySettings settings() {
		return this.settings;
	}

	@Override
	public Executor executor() {
		return this.threads;
	}

	@Override
	public void callBack(String activity, Runnable callback) {
		this.threads.callBack(() -> {
			try {
				callback.run();
			}
			catch (Throwable ex) {
				logger.warn(activity + " failed", ex);
			}
		});
	}

	@Override
	public CompletableFuture<AppendResult> append(ClaimedReply claim, UUID messageId, String type,
			Supplier<@Nullable String> payload, boolean ends, @Nullable UUID replaces) {
		return this.log.append(new AppendRequest.ReplyEvent(claim.sessionId(), messageId, claim.inReplyTo(),
				claim.fence(), type, role(type, ends), replaces, new AppendRequest.LateBound(payload)));
	}

	private static AppendRequest.Role role(String type, boolean ends) {
		if (ends) {
			return AppendRequest.Role.END;
		}
		return type.equals(ReplyEvents.DELTA) ? AppendRequest.Role.DELTA : AppendRequest.Role.PART;
	}

	@Override
	public void ended(Reply reply, String outcome, Duration duration) {
		this.running.remove(reply.claim().messageId());
		this.listener.onReplyEnded(outcome, duration);
	}

	/**
	 * Leaves what still runs to another node, or ends it.
	 */
	private void giveUp() {
		boolean peers = false;
		try {
			peers = this.leases.hasPeers();
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Whether there is another node is not known", ex);
		}
		for (Reply reply : this.running.values()) {
			if (peers) {
				reply.abandon();
			}
			else {
				reply.fail(ReplyFailure.INTERRUPTED);
			}
		}
		try {
			if (peers || this.generator != null) {
				this.leases.release();
				this.doorbell.ring();
			}
		}
		catch (EventLogUnavailableException ex) {
			logger.warn("Replies are left until their leases have passed: " + ex.getMessage());
		}
	}

	/**
	 * Claims as many replies as may run, and begins them.
	 */
	private void claim() {
		if (this.draining) {
			return;
		}
		int room = this.settings.maxConcurrent() - this.busy.get();
		Claims claims = this.leases.claim(room, this.settings.oneAtATime());
		this.waiting = claims.waiting();
		claims.replies().forEach(this::begin);
	}

	private void begin(ClaimedReply claim) {
		UUID previous = claim.previous();
		if (claim.cancelled()) {
			endCancelled(claim);
		}
		else if (previous != null && (!this.settings.restart() || claim.attempts() > this.settings.maxAttempts())) {
			append(claim, previous, ReplyEvents.FAILED, () -> ReplyEvents.failed(previous, ReplyFailure.INTERRUPTED),
					true, null)
				.thenRun(this.clock::claimSoon);
		}
		else if (this.generator != null) {
			run(new Reply(claim, this, this.generator));
		}
	}

	private void run(Reply reply) {
		this.running.put(reply.claim().messageId(), reply);
		this.busy.incrementAndGet();
		reply.announce();
		CompletableFuture<@Nullable Void> back = CompletableFuture.runAsync(reply, this.threads);
		back.exceptionally((failure) -> {
			reply.onError(failure);
			return null;
		}).thenCombine(reply.stored(), (done, stored) -> done).whenComplete((done, failure) -> {
			this.busy.decrementAndGet();
			this.clock.claimSoon();
		});
		if (this.draining) {
			reply.fail(ReplyFailure.INTERRUPTED);
		}
	}

	/**
	 * Ends a reply that was cancelled before this node claimed it, with what it had said.
	 */
	private void endCancelled(ClaimedReply claim) {
		UUID messageId = (claim.previous() != null) ? claim.previous() : claim.messageId();
		String said = (claim.previous() != null) ? PartialReplyReader.of(this.log, claim) : "";
		append(claim, messageId, ReplyEvents.MESSAGE, () -> ReplyEvents.message(messageId, said, "cancelled", Map.of()),
				true, messageId)
			.thenRun(this.clock::claimSoon);
	}

	/**
	 * Extends the leases, and ends what is to be cancelled or was lost.
	 */
	private void extend() {
		List<Reply> before = List.copyOf(this.running.values());
		Map<UUID, Boolean> held = new ConcurrentHashMap<>();
		this.leases.extend(this.running.keySet()).forEach((reply) -> held.put(reply.messageId(), reply.cancelled()));
		for (Reply reply : before) {
			Boolean cancelled = held.get(reply.claim().messageId());
			if (cancelled == null) {
				if (this.running.containsKey(reply.claim().messageId())) {
					logger.info("Reply %s was taken over by another node".formatted(reply.claim().messageId()));
					reply.abandon();
				}
			}
			else if (cancelled) {
				reply.cancel();
			}
		}
	}

	private void checkTime() {
		for (Reply reply : this.running.values()) {
			try {
				reply.checkTime();
			}
			catch (RuntimeException ex) {
				logger.warn("Reply " + reply.claim().messageId() + " could not be timed", ex);
			}
		}
	}

}
