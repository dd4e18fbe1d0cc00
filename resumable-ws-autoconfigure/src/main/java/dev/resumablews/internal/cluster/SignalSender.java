package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.internal.concurrent.Monitors;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.OutageLog;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.ephemeral.EphemeralEvent;
import dev.resumablews.internal.node.NodeNotification;
import dev.resumablews.internal.node.OtherNodes;
import org.jspecify.annotations.Nullable;

/**
 * Sends the signals of this node. Its thread sends all queued signals in one batch, so
 * batches grow with load, and retries failed ones. Signals of commits are less frequent
 * while no other node has clients. Ephemeral events follow in batches small enough not to
 * delay the next signals, and are dropped if they cannot be sent. Methods that queue
 * signals do not block and are safe for use by many threads.
 */
final class SignalSender {

	/**
	 * Further signals are dropped; the other nodes find the events when they poll the
	 * log.
	 */
	private static final int MAX_WAITING = 100_000;

	private static final Duration MAX_WAIT = Duration.ofHours(1);

	/**
	 * Time between signals of commits while no other node has clients. It delays what is
	 * committed after the first client of another node has read the log, and before that
	 * node has announced its clients.
	 */
	static final Duration ALONE = Duration.ofMillis(250);

	private static final int EPHEMERALS_AT_ONCE = 100;

	private static final int EPHEMERAL_CHARACTERS_AT_ONCE = 64 * 1024;

	/**
	 * Time without sending ephemeral events after a failure.
	 */
	private static final Duration EPHEMERAL_PAUSE = Duration.ofSeconds(1);

	private final UUID node;

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-signal", "Signalling events to other nodes",
			Cluster.BACK_OFF, this::step);

	private final ClusterSignal signal;

	private final OtherNodes others;

	private final long aloneNanos;

	private Set<UUID> sessionIds = new LinkedHashSet<>();

	private Set<UUID> connected = new LinkedHashSet<>();

	private Set<NodeNotification> notifications = EnumSet.noneOf(NodeNotification.class);

	private final EphemeralBacklog ephemerals = new EphemeralBacklog();

	private final OutageLog ephemeralOutages = new OutageLog("Sending ephemeral events to other nodes");

	private final AtomicInteger ephemeralNumber = new AtomicInteger();

	/**
	 * Earliest times of the next signals and the next ephemeral events. Used by the
	 * loop's thread.
	 */
	private long due = System.nanoTime();

	private long ephemeralDue = System.nanoTime();

	/**
	 * Time at which commits were last signalled. Used by the loop's thread.
	 */
	private long commitsSignalledAt;

	private boolean stopping;

	/**
	 * Signals being sent, or to be retried. Used by the loop's thread.
	 */
	private List<String> current = List.of();

	/**
	 * Whether the loop holds signals that are not sent yet.
	 */
	private boolean sending;

	private boolean ended;

	/**
	 * Creates a sender.
	 * @param others whether other nodes have clients
	 * @param alone time between signals of commits while they have none
	 */
	SignalSender(UUID node, ClusterSignal signal, OtherNodes others, Duration alone) {
		this.node = node;
		this.signal = signal;
		this.others = others;
		this.aloneNanos = alone.toNanos();
		this.commitsSignalledAt = this.due - this.aloneNanos;
	}

	/**
	 * Returns the current outage of sending; null if there is none.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	void start() {
		this.loop.start();
	}

	synchronized void eventsCommitted(Collection<UUID> sessionIds) {
		if (!this.stopping && this.sessionIds.size() < MAX_WAITING) {
			this.sessionIds.addAll(sessionIds);
			notifyAll();
		}
	}

	synchronized void connectionsChanged(Collection<UUID> sessionIds) {
		if (!this.stopping && this.connected.size() < MAX_WAITING) {
			this.connected.addAll(sessionIds);
			notifyAll();
		}
	}

	synchronized void notifyOthers(NodeNotification notification) {
		this.notifications.add(notification);
		notifyAll();
	}

	void ephemeral(EphemeralEvent event) {
		String text = EphemeralCodec.write(this.node, this.ephemeralNumber.incrementAndGet(), event);
		synchronized (this) {
			if (!this.stopping) {
				this.ephemerals.add(event.recipient(), text);
				notifyAll();
			}
		}
	}

	/**
	 * Sends the queued signals if possible within the timeout, and ends the thread.
	 */
	void stop(Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		synchronized (this) {
			this.stopping = true;
			this.ephemerals.clear();
			notifyAll();
			try {
				Monitors.await(this, this::isIdle, deadline);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			this.ended = true;
			notifyAll();
		}
		this.loop.stop(Duration.ofMillis(1));
	}

	private void step(SupervisedLoop.Control control) throws Exception {
		if (this.current.isEmpty()) {
			awaitDue();
			this.current = take();
		}
		if (!this.current.isEmpty()) {
			this.signal.send(this.current);
			this.current = List.of();
			sent();
			this.due = System.nanoTime() + Cluster.GATHER.toNanos();
		}
		List<String> events = takeEphemerals();
		if (!events.isEmpty()) {
			sendEphemerals(events);
		}
	}

	/**
	 * Drops the events and the queued ones on failure: they must not delay signals and
	 * are worthless later.
	 */
	private void sendEphemerals(List<String> events) throws InterruptedException {
		Duration pause = Cluster.GATHER;
		try {
			this.signal.send(events);
			this.ephemeralOutages.worked();
		}
		catch (InterruptedException ex) {
			throw ex;
		}
		catch (Exception ex) {
			this.ephemeralOutages.failed(ex);
			dropEphemerals();
			pause = EPHEMERAL_PAUSE;
		}
		this.ephemeralDue = System.nanoTime() + pause.toNanos();
	}

	private synchronized void awaitDue() throws InterruptedException {
		while (!this.ended) {
			long now = System.nanoTime();
			long left = Math.min(untilSignals(now),
					this.ephemerals.isEmpty() ? Long.MAX_VALUE : this.ephemeralDue - now);
			if (left <= 0) {
				return;
			}
			TimeUnit.NANOSECONDS.timedWait(this,
					Math.min(Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)), MAX_WAIT.toNanos()));
		}
	}

	/**
	 * Returns the nanoseconds until signals are due; the maximum if there are none.
	 */
	private long untilSignals(long now) {
		if (!this.connected.isEmpty() || !this.notifications.isEmpty()) {
			return this.due - now;
		}
		return this.sessionIds.isEmpty() ? Long.MAX_VALUE : untilCommits(now);
	}

	private long untilCommits(long now) {
		long pause = (this.stopping || this.others.mayBePresent()) ? 0 : this.aloneNanos;
		return Math.max(this.due - now, this.commitsSignalledAt + pause - now);
	}

	private synchronized List<String> takeEphemerals() {
		return (System.nanoTime() - this.ephemeralDue >= 0)
				? this.ephemerals.take(EPHEMERALS_AT_ONCE, EPHEMERAL_CHARACTERS_AT_ONCE) : List.of();
	}

	private synchronized void dropEphemerals() {
		this.ephemerals.clear();
	}

	private synchronized List<String> take() {
		long now = System.nanoTime();
		if (now - this.due < 0) {
			return List.of();
		}
		Set<UUID> committed = Set.of();
		if (!this.sessionIds.isEmpty() && untilCommits(now) <= 0) {
			committed = this.sessionIds;
			this.sessionIds = new LinkedHashSet<>();
			this.commitsSignalledAt = now;
		}
		List<String> texts = SignalCodec.write(this.node, committed, this.connected, this.notifications);
		this.connected = new LinkedHashSet<>();
		this.notifications = EnumSet.noneOf(NodeNotification.class);
		this.sending = !texts.isEmpty();
		return texts;
	}

	private synchronized void sent() {
		this.sending = false;
		notifyAll();
	}

	private boolean isIdle() {
		return this.sessionIds.isEmpty() && this.connected.isEmpty() && this.notifications.isEmpty() && !this.sending;
	}

}
