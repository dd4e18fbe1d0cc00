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
 * Starts, drains and stops the replies of this node. From its claim until its row is
 * removed or given back, a reply is {@link HeldReplies held}, and only the leases of held
 * replies are renewed:
 * <ol>
 * <li>The {@link ReplyClaimer} claims as many replies as there is room for.
 * <li>The {@link ReplyRunner} starts a claimed reply, or gives it back if that fails.
 * <li>The {@link LeaseRenewer} renews its lease, and detects whether it was cancelled or
 * lost.
 * <li>All its events carry the fencing number of the claim. Its last event removes its
 * row. If that event cannot be stored, the reply is given back.
 * </ol>
 * Can be restarted after a stop. Safe for use by many threads.
 */
final class ReplyScheduler implements Replies, ReplyStatus.Source, OutageSource, SmartLifecycle {

	/**
	 * Starts before connections are accepted, and stops after the web server and before
	 * the notifications to other nodes.
	 */
	static final int PHASE = DEFAULT_PHASE - 4096;

	private static final Log logger = LogFactory.getLog(ReplyScheduler.class);

	private static final Duration LONGEST_TICK = Duration.ofSeconds(1);

	private static final Duration SHORTEST_TICK = Duration.ofMillis(10);

	/**
	 * Maximum time that a stop waits until other nodes can claim the replies that were
	 * given back.
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
	 * Name of the application's handler of user messages, which replaces the generator;
	 * null if there is none. Determined at the first start.
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
	 * @param log stores replies
	 * @param queue assigns replies to nodes
	 * @param notifier notifies other nodes
	 * @param generator generates replies; null if user messages are only stored
	 * @param settings settings of replies
	 * @param threadFactory creates the threads for generators at each start
	 * @param listener notified when a reply has ended
	 * @param observations observes the attempts
	 */
	ReplyScheduler(EventLog log, JdbcReplyQueue queue, NodeNotifier notifier, @Nullable ReplyGenerator generator,
			ReplySettings settings, Supplier<ReplyThreads> threadFactory, ResumableWsListener listener,
			Observations observations) {
		this(log, queue, notifier, generator, null, null, null, settings, threadFactory, listener, observations);
	}

	/**
	 * Creates the replies of this node.
	 * @param log stores replies
	 * @param queue assigns replies to nodes
	 * @param notifier notifies other nodes
	 * @param generator generates replies; null if there is none
	 * @param generatorName the name of its bean; null if it has none
	 * @param handler handles user messages instead, if the application has a handler;
	 * null for none
	 * @param whyNotAnswered reason to log if user messages are only stored; null to log
	 * nothing
	 * @param settings settings of replies
	 * @param threadFactory creates the threads for generators and handlers at each start
	 * @param listener notified when a reply has ended
	 * @param observations observes the attempts
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
		this.timer.every(tick(settings), "Checking the time limits of replies", this.runner::checkTime);
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
			logger.info("User messages are stored but not answered, because " + this.whyNotAnswered);
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
	 * Returns the settings of replies.
	 * @return the settings
	 */
	ReplySettings settings() {
		return this.settings;
	}

	/**
	 * Returns whether user messages are accepted.
	 * @return whether this node is running and not draining
	 */
	boolean accepts() {
		return this.running && !this.runner.draining();
	}

	/**
	 * Returns whether user messages are answered or handled.
	 * @return whether each message gets a row that is claimed
	 */
	boolean answers() {
		return handles() || this.generates;
	}

	/**
	 * Returns whether a generator answers user messages.
	 */
	boolean generates() {
		return this.generates && !handles();
	}

	private boolean handles() {
		return this.handlerName != null;
	}

	/**
	 * Returns whether the messages of a session are processed in order. Handled messages
	 * always are.
	 */
	private boolean oneAtATime() {
		return handles() || this.settings.oneAtATime();
	}

	/**
	 * Returns the number of waiting replies.
	 * @return the number on all nodes, as known to this node
	 */
	int waiting() {
		return this.claimer.waiting();
	}

	/**
	 * Returns whether a further message of a user is rejected, because too many replies
	 * of this user or of all users are waiting.
	 * @return the reason; null if it is accepted
	 */
	@Nullable String refuses(String userId) {
		if (this.claimer.isOverLimit(userId)) {
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
	 * Cancels local replies first, which does not require Postgres. Messages handled by
	 * the application are not cancelled.
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
			logger.debug("Could not store the cancellation of reply " + messageId, ex);
		}
		finally {
			// the cancellation may be stored even without a response
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
			.map(HeldReply::released)
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
				logger.warn("Other nodes can claim the replies of this node only after their leases have expired");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Returns the interval of time-out checks: a twentieth of the shortest time-out,
	 * which is precise and cheap enough.
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
