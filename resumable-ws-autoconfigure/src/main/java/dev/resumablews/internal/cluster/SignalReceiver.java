package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.ephemeral.EphemeralEvent;
import dev.resumablews.internal.feed.RemoteEventReader;
import dev.resumablews.internal.node.Bell;
import dev.resumablews.internal.node.NodeNotifier.ConnectionsListener;
import dev.resumablews.internal.node.OtherNodes;
import org.jspecify.annotations.Nullable;

/**
 * What other nodes tell this one. Its thread reads the news of all sessions that were
 * signalled since the last time, in one query; and that of all sessions with connections
 * here when signals may have been missed, and from time to time in any case.
 */
final class SignalReceiver implements ClusterSignal.Receiver {

	private final UUID node;

	private final RemoteEventReader news;

	private final Consumer<EphemeralEvent> onEphemeral;

	private final OtherNodes others;

	private final ConnectionsListener onConnections;

	private final Consumer<Set<Bell>> onRing;

	private final BooleanSupplier ringNeeded;

	private final long intervalNanos;

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-news", "Reading the events of other nodes",
			Cluster.BACK_OFF, this::step);

	private Round waiting = new Round();

	private long nextLook;

	private boolean stopping;

	/**
	 * What is being done, or is to be tried again. Used by the loop's thread.
	 */
	private @Nullable Round current;

	/**
	 * Creates it.
	 * @param onEphemeral takes the ephemeral events of other nodes
	 * @param others learns of the nodes that are heard
	 * @param onConnections learns of the connections of other nodes
	 * @param onRing takes what another node has rung, or may have
	 * @param ringNeeded returns whether rings are needed now
	 * @param interval how long news may go unnoticed when no signal comes
	 */
	SignalReceiver(UUID node, RemoteEventReader news, Consumer<EphemeralEvent> onEphemeral, OtherNodes others,
			ConnectionsListener onConnections, Consumer<Set<Bell>> onRing, BooleanSupplier ringNeeded,
			Duration interval) {
		this.node = node;
		this.news = news;
		this.onEphemeral = onEphemeral;
		this.onConnections = onConnections;
		this.others = others;
		this.onRing = onRing;
		this.ringNeeded = ringNeeded;
		this.intervalNanos = interval.toNanos();
	}

	void start() {
		this.nextLook = System.nanoTime() + this.intervalNanos;
		this.loop.start();
	}

	@Override
	public void received(String text) {
		EphemeralCodec ephemeral = EphemeralCodec.read(text);
		if (ephemeral != null) {
			if (!ephemeral.node().equals(this.node)) {
				this.others.heard();
				this.onEphemeral.accept(ephemeral.event());
			}
			return;
		}
		SignalCodec signal = SignalCodec.read(text);
		if (signal == null || signal.node().equals(this.node)) {
			return;
		}
		this.others.heard();
		if (!signal.connected().isEmpty()) {
			this.onConnections.changed(signal.connected());
		}
		Set<UUID> sessionIds = new HashSet<>(signal.sessionIds());
		sessionIds.removeIf((sessionId) -> !this.news.concerns(sessionId));
		if (!sessionIds.isEmpty() || !signal.bells().isEmpty()) {
			synchronized (this) {
				this.waiting.sessionIds.addAll(sessionIds);
				this.waiting.bells.addAll(signal.bells());
				notifyAll();
			}
		}
	}

	@Override
	public void missed() {
		this.others.heard();
		this.onConnections.missed();
		lookAtAll();
	}

	/**
	 * Returns since when the events of other nodes cannot be read; null if they can.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	private synchronized void lookAtAll() {
		this.waiting.all = true;
		this.waiting.bells.addAll(EnumSet.allOf(Bell.class));
		notifyAll();
	}

	@Override
	public boolean needed() {
		return !this.news.isIdle() || this.ringNeeded.getAsBoolean();
	}

	void stop(Duration timeout) {
		synchronized (this) {
			this.stopping = true;
			notifyAll();
		}
		this.loop.stop(timeout);
	}

	private void step(SupervisedLoop.Control control) throws InterruptedException {
		if (this.current == null) {
			this.current = take();
		}
		if (this.current != null) {
			look(this.current);
			this.current = null;
			control.await(Cluster.GATHER);
		}
	}

	private synchronized @Nullable Round take() throws InterruptedException {
		while (!this.stopping && this.waiting.isEmpty()) {
			long left = this.nextLook - System.nanoTime();
			if (left <= 0) {
				this.waiting.all = true;
			}
			else {
				TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
			}
		}
		if (this.stopping) {
			return null;
		}
		Round round = this.waiting;
		this.waiting = new Round();
		if (System.nanoTime() - this.nextLook >= 0) {
			round.all = true;
		}
		if (round.all) {
			this.nextLook = System.nanoTime() + this.intervalNanos;
		}
		return round;
	}

	private void look(Round round) {
		if (!round.bells.isEmpty()) {
			Set<Bell> bells = EnumSet.copyOf(round.bells);
			round.bells.clear();
			this.onRing.accept(bells);
		}
		if (round.all) {
			this.news.readAll();
		}
		else {
			this.news.read(round.sessionIds);
		}
	}

	/**
	 * What is done at once.
	 */
	private static final class Round {

		private final Set<UUID> sessionIds = new HashSet<>();

		private final Set<Bell> bells = EnumSet.noneOf(Bell.class);

		private boolean all;

		boolean isEmpty() {
			return this.sessionIds.isEmpty() && !this.all && this.bells.isEmpty();
		}

	}

}
