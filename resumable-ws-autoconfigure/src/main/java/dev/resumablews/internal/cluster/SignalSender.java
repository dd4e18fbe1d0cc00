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
import dev.resumablews.internal.node.Bell;
import org.jspecify.annotations.Nullable;

/**
 * What this node has to tell the others. Its thread sends all that is waiting at once, so
 * that signals grow fewer under load, and tries again what failed. Ephemeral events come
 * after that, in batches so small that the next signals do not wait for them, and are
 * dropped if they cannot be sent. Taking what is to be sent is safe for use by many
 * threads, and does not block.
 */
final class SignalSender {

	/**
	 * More than that is left to the other nodes' own looks at the log.
	 */
	private static final int MAX_WAITING = 100_000;

	private static final Duration LONGEST_WAIT = Duration.ofHours(1);

	private static final int EPHEMERALS_AT_ONCE = 100;

	private static final int EPHEMERAL_CHARACTERS_AT_ONCE = 64 * 1024;

	/**
	 * How long none is sent after one could not be.
	 */
	private static final Duration EPHEMERAL_PAUSE = Duration.ofSeconds(1);

	private final UUID node;

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-signal", "Signalling events to other nodes",
			Cluster.BACK_OFF, this::step);

	private final ClusterSignal signal;

	private Set<UUID> sessionIds = new LinkedHashSet<>();

	private Set<UUID> connected = new LinkedHashSet<>();

	private Set<Bell> bells = EnumSet.noneOf(Bell.class);

	private final EphemeralBacklog ephemerals = new EphemeralBacklog();

	private final OutageLog ephemeralOutages = new OutageLog("Sending ephemeral events to other nodes");

	private final AtomicInteger ephemeralNumber = new AtomicInteger();

	/**
	 * When signals may be sent again, and when ephemeral events. Used by the loop's
	 * thread.
	 */
	private long due = System.nanoTime();

	private long ephemeralDue = System.nanoTime();

	private boolean stopping;

	/**
	 * What is being sent, or is to be sent again. Used by the loop's thread.
	 */
	private List<String> current = List.of();

	/**
	 * Whether the loop has taken what it has not sent yet.
	 */
	private boolean sending;

	private boolean ended;

	SignalSender(UUID node, ClusterSignal signal) {
		this.node = node;
		this.signal = signal;
	}

	/**
	 * Returns since when signals cannot be sent; null if they can.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	void start() {
		this.loop.start();
	}

	synchronized void news(Collection<UUID> sessionIds) {
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

	synchronized void ring(Bell bell) {
		this.bells.add(bell);
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
	 * Sends what is waiting, if that is possible within the time, and ends the thread.
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
	 * What cannot be sent is dropped, with what waits behind it: it must not keep signals
	 * waiting, and is worth nothing later.
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
			long left = Math.min(isIdle() ? Long.MAX_VALUE : this.due - now,
					this.ephemerals.isEmpty() ? Long.MAX_VALUE : this.ephemeralDue - now);
			if (left <= 0) {
				return;
			}
			TimeUnit.NANOSECONDS.timedWait(this,
					Math.min(Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)), LONGEST_WAIT.toNanos()));
		}
	}

	private synchronized List<String> takeEphemerals() {
		return (System.nanoTime() - this.ephemeralDue >= 0)
				? this.ephemerals.take(EPHEMERALS_AT_ONCE, EPHEMERAL_CHARACTERS_AT_ONCE) : List.of();
	}

	private synchronized void dropEphemerals() {
		this.ephemerals.clear();
	}

	private synchronized List<String> take() {
		if (System.nanoTime() - this.due < 0) {
			return List.of();
		}
		List<String> texts = SignalCodec.write(this.node, this.sessionIds, this.connected, this.bells);
		this.sessionIds = new LinkedHashSet<>();
		this.connected = new LinkedHashSet<>();
		this.bells = EnumSet.noneOf(Bell.class);
		this.sending = !texts.isEmpty();
		return texts;
	}

	private synchronized void sent() {
		this.sending = false;
		notifyAll();
	}

	private boolean isIdle() {
		return this.sessionIds.isEmpty() && this.connected.isEmpty() && this.bells.isEmpty() && !this.sending;
	}

}
