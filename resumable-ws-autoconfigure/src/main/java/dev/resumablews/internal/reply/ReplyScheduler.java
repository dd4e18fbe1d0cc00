package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedScheduler;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.observation.Observations;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.internal.status.OutageSource;
import dev.resumablews.internal.status.ReplyStatus;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;

/**
 * Starts, drains and stops the replies of this node. From the claim of a reply until its
 * row is gone or given back, the reply is one of those that are {@link HeldReplies held},
 * and only of those are leases renewed:
 * <ol>
 * <li>The {@link ReplyClaimer} claims as many replies as there is room for.
 * <li>The {@link ReplyRunner} begins a claimed reply. If it cannot, it gives it back.
 * <li>The {@link LeaseRenewer} renews its lease, and finds out whether it is to be
 * cancelled or was lost.
 * <li>All that is written for it carries the number it was claimed with. The event that
 * ends it removes its row. If that event cannot be stored, the reply is given back.
 * </ol>
 * May be started again after it was stopped. Safe for use by many threads.
 */
final class ReplyScheduler implements Replies, ReplyStatus.Source, OutageSource, SmartLifecycle {

	/**
	 * Replies begin before connections are accepted, and stop after the web server and
	 * before the notifications to other nodes.
	 */
	static final int PHASE = DEFAULT_PHASE - 4096;

	private static final Log logger = LogFactory.getLog(ReplyScheduler.class);

	private static final Duration LONGEST_TICK = Duration.ofSeconds(1);

	private static final Duration SHORTEST_TICK = Duration.ofMillis(10);

	/**
	 * How long a stop waits until what it has given back can be claimed by other nodes.
	 */
	private static final Duration HAND_OVER_TIMEOUT = Duration.ofSeconds(2);

	private final ReplySettings settings;

	private final JdbcReplyQueue queue;

	private final NodeNotifier notifier;

	private final boolean generates;

	private final @Nullable String generatorName;

	private final @Nullable StoredMessageHandler handler;

	private final @Nullable String whyNotAnswered;

	/**
	 * What handles user messages instead of the generator; null if nothing does. Known at
	 * the first start.
	 */
	private volatile @Nullable String handlerName;

	private final HeldReplies held = new HeldReplies();

	private final ClaimInbox inbox = new ClaimInbox();

	private final ReplyRunner runner;

	private final ReplyClaimer claimer;

	private final LeaseRenewer leases;

	private final SupervisedScheduler timer = new SupervisedScheduler("resumable-ws-reply-timer");

	private volatile boolean running;

	/**
	 * Creates the replies of this node.
	 * @param log where they are stored
	 * @param queue which node runs which
	 * @param notifier notifies other nodes when there is something to do
	 * @param generator what answers; null when user messages are stored and no more
	 * @param settings their bounds
	 * @param threadFactory creates the threads that generators are called on, at each
	 * start
	 * @param listener is called when a reply has ended
	 * @param observations observes them
	 */
	ReplyScheduler(EventLog log, JdbcReplyQueue queue, NodeNotifier notifier, @Nullable ReplyGenerator generator,
			ReplySettings settings, Supplier<ReplyThreads> threadFactory, ResumableWsListener listener,
			Observations observations) {
		this(log, queue, notifier, generator, null, null, null, settings, threadFactory, listener, observations);
	}

	/**
	 * Creates the replies of this node.
	 * @param log where they are stored
	 * @param queue which node runs which
	 * @param notifier notifies other nodes when there is something to do
	 * @param generator what answers; null if there is none
	 * @param generatorName name of its bean; null if it has none
	 * @param handler handles user messages instead, if the application has a handler;
	 * null for none
	 * @param whyNotAnswered what is logged when user messages are stored and no more;
	 * null for nothing
	 * @param settings their bounds
	 * @param threadFactory creates the threads that generators and handlers are called
	 * on, at each start
	 * @param listener is called when a reply has ended
	 * @param observations observes them
	 */
	ReplyScheduler(EventLog log, JdbcReplyQueue queue, NodeNotifier notifier, @Nullable ReplyGenerator generator,
			@Nullable String generatorName, @Nullable StoredMessageHandler handler, @Nullable String whyNotAnswered,
			ReplySettings settings, Supplier<ReplyThreads> threadFactory, ResumableWsListener listener,
			Observations observations) {
		this.settings = settings;
		this.queue = queue;
		this.notifier = notifier;
		this.generates = generator != null;
		this.generatorName = generatorName;
		this.handler = handler;
		this.whyNotAnswered = whyNotAnswered;
		this.runner = new ReplyRunner(log, generator, settings, threadFactory, listener, observations, this.held,
				this.inbox);
		this.claimer = new ReplyClaimer(this.inbox, queue, this.held, notifier, settings, this::oneAtATime,
				this.runner::room, this.runner::begin);
		this.leases = new LeaseRenewer(queue, this.held, settings.lease(), notifier.backstop(), this.runner::cancel,
				this.runner::lost);
		this.timer.every(tick(settings), "Timing replies out", this.runner::checkTime);
		notifier.onNotification(() -> {
			if (this.running && answers()) {
				this.inbox.look();
				this.leases.look();
			}
		}, () -> !this.held.isEmpty());
	}

	@Override
	public synchronized void start() {
		if (this.running) {
			return;
		}
		this.running = true;
		this.handlerName = (this.handler != null) ? this.handler.name() : null;
		this.runner.start(handles() ? this.handler : null);
		if (answers()) {
			this.leases.start();
			this.claimer.start();
			this.timer.start();
		}
		else if (this.whyNotAnswered != null) {
			logger.info("User messages are stored and not answered, because " + this.whyNotAnswered);
		}
	}

	@Override
	public synchronized void stop() {
		if (!this.running) {
			return;
		}
		if (!this.runner.draining()) {
			drain(Duration.ZERO);
		}
		this.running = false;
		this.claimer.stop();
		this.leases.stop();
		this.timer.stop();
		this.runner.stop();
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

	@Override
	public ReplyStatus replies() {
		long now = System.nanoTime();
		Duration sinceRenewal = this.held.all()
			.stream()
			.map((held) -> Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(Math.max(0, now - held.renewedAt()))))
			.max(Comparator.naturalOrder())
			.orElse(null);
		String handler = this.handlerName;
		return new ReplyStatus((handler != null) ? handler : this.generatorName, this.runner.running(), waiting(),
				sinceRenewal, this.settings.lease());
	}

	@Override
	public List<Outage> outages() {
		return Stream
			.concat(Stream.of(this.claimer.outage(), this.leases.outage()).filter(Objects::nonNull),
					this.timer.outages().stream())
			.toList();
	}

	/**
	 * Returns the bounds of replies.
	 * @return the settings
	 */
	ReplySettings settings() {
		return this.settings;
	}

	/**
	 * Returns whether user messages are stored.
	 * @return whether this node runs, and is not being stopped
	 */
	boolean accepts() {
		return this.running && !this.runner.draining();
	}

	/**
	 * Returns whether user messages are answered or handled.
	 * @return whether each has a row that is claimed
	 */
	boolean answers() {
		return handles() || this.generates;
	}

	/**
	 * Returns whether user messages are answered by a generator.
	 */
	boolean generates() {
		return this.generates && !handles();
	}

	private boolean handles() {
		return this.handlerName != null;
	}

	/**
	 * Messages of a session are handled in their order.
	 */
	private boolean oneAtATime() {
		return handles() || this.settings.oneAtATime();
	}

	/**
	 * Returns how many replies wait for their turn.
	 * @return the number on all nodes, as far as this one knows
	 */
	int waiting() {
		return this.claimer.waiting();
	}

	/**
	 * Returns whether a further message of a user is refused, because too many of the
	 * user's replies wait, or of everybody's.
	 * @return why; null if it is not refused
	 */
	@Nullable String refuses(String userId) {
		if (this.claimer.isCrowded(userId)) {
			return "waiting_replies";
		}
		return (waiting() > this.settings.limits().mostWaiting()) ? "all_waiting_replies" : null;
	}

	/**
	 * Claims the reply to a message that was stored here.
	 */
	void stored(ReplyKey key) {
		this.inbox.stored(key);
	}

	/**
	 * Cancels what runs here first: that needs no answer of Postgres. Messages that the
	 * application handles are not cancelled.
	 */
	@Override
	public boolean cancel(UUID sessionId, String userId, @Nullable UUID messageId) {
		if (handles()) {
			return false;
		}
		boolean here = false;
		for (HeldReply held : this.held.all()) {
			ClaimedReply claim = held.claim();
			if (claim.sessionId().equals(sessionId) && claim.userId().equals(userId)
					&& (messageId == null || claim.messageId().equals(messageId))) {
				here |= this.runner.cancel(held);
			}
		}
		boolean elsewhere = false;
		try {
			elsewhere = this.queue.cancel(sessionId, userId, messageId);
		}
		catch (EventLogUnavailableException ex) {
			if (!here || messageId == null) {
				throw ex;
			}
			logger.debug("The cancellation of reply " + messageId + " is not stored", ex);
		}
		finally {
			// it may be stored even if there is no answer
			this.inbox.look();
		}
		if (elsewhere) {
			this.notifier.notifyOthers();
		}
		return here || elsewhere;
	}

	@Override
	public void drain(Duration grace) {
		this.runner.drain();
		CompletableFuture<?>[] last = this.held.all()
			.stream()
			.map(HeldReply::letGo)
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
		this.held.all().forEach(this.runner::giveUp);
		try {
			if (answers() && !this.inbox.awaitIdle(HAND_OVER_TIMEOUT)) {
				logger.warn("Replies of this node can be claimed by others only when their leases have passed");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * A twentieth of the shortest time-out: exact enough, and cheap.
	 */
	private static Duration tick(ReplySettings settings) {
		Duration tick = Collections
			.min(List.of(settings.firstPartTimeout(), settings.idleTimeout(), settings.maxDuration()))
			.dividedBy(20);
		if (tick.compareTo(SHORTEST_TICK) < 0) {
			return SHORTEST_TICK;
		}
		return (tick.compareTo(LONGEST_TICK) > 0) ? LONGEST_TICK : tick;
	}

}
