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
import dev.resumablews.internal.node.NodeNotification;
import dev.resumablews.internal.node.NodeNotifier.ConnectionsListener;
import dev.resumablews.internal.node.OtherNodes;
import org.jspecify.annotations.Nullable;

/**
 * Handles the signals of other nodes. Its thread reads the new events of all sessions
 * signalled since the last round in one query. It reads those of all sessions with
 * connections on this node when signals may have been missed, and periodically.
 */
final class SignalReceiver implements ClusterSignal.Receiver {

	private final UUID node;

	private final RemoteEventReader reader;

	private final Consumer<EphemeralEvent> onEphemeral;

	private final OtherNodes others;

	private final ConnectionsListener onConnections;

	private final Consumer<Set<NodeNotification>> onNotifications;

	private final BooleanSupplier notificationsNeeded;

	private final long intervalNanos;

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-receive", "Reading the events of other nodes",
			Cluster.BACK_OFF, this::step);

	private Round waiting = new Round();

	private long nextReadAll;

	private boolean stopping;

	/**
	 * Round being processed, or to be retried. Used by the loop's thread.
	 */
	private @Nullable Round current;

	/**
	 * Creates a receiver.
	 * @param onEphemeral receives the ephemeral events of other nodes
	 * @param others records that signals arrived
	 * @param onConnections receives changes in the connections of other nodes
	 * @param onNotifications receives the kinds of work that another node has announced,
	 * or may have
	 * @param notificationsNeeded returns whether notifications are needed now
	 * @param interval maximum delay until events are read when no signal arrives
	 */
	SignalReceiver(UUID node, RemoteEventReader reader, Consumer<EphemeralEvent> onEphemeral, OtherNodes others,
			ConnectionsListener onConnections, Consumer<Set<NodeNotification>> onNotifications,
			BooleanSupplier notificationsNeeded, Duration interval) {
		this.node = node;
		this.reader = reader;
		this.onEphemeral = onEphemeral;
		this.onConnections = onConnections;
		this.others = others;
		this.onNotifications = onNotifications;
		this.notificationsNeeded = notificationsNeeded;
		this.intervalNanos = interval.toNanos();
	}

	void start() {
		this.nextReadAll = System.nanoTime() + this.intervalNanos;
		this.loop.start();
	}

	@Override
	public void received(String text) {
		EphemeralCodec ephemeral = EphemeralCodec.read(text);
		if (ephemeral != null) {
			if (!ephemeral.node().equals(this.node)) {
				this.others.signalReceived();
				this.onEphemeral.accept(ephemeral.event());
			}
			return;
		}
		SignalCodec signal = SignalCodec.read(text);
		if (signal == null || signal.node().equals(this.node)) {
			return;
		}
		this.others.signalReceived();
		if (!signal.connected().isEmpty()) {
			this.onConnections.changed(signal.connected());
		}
		Set<UUID> sessionIds = new HashSet<>(signal.sessionIds());
		sessionIds.removeIf((sessionId) -> !this.reader.concerns(sessionId));
		if (!sessionIds.isEmpty() || !signal.notifications().isEmpty()) {
			synchronized (this) {
				this.waiting.sessionIds.addAll(sessionIds);
				this.waiting.notifications.addAll(signal.notifications());
				notifyAll();
			}
		}
	}

	@Override
	public void missed() {
		this.others.signalReceived();
		this.onConnections.missed();
		readAll();
	}

	/**
	 * Returns the current outage of reading events; null if there is none.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	private synchronized void readAll() {
		this.waiting.all = true;
		this.waiting.notifications.addAll(EnumSet.allOf(NodeNotification.class));
		notifyAll();
	}

	@Override
	public boolean needed() {
		return !this.reader.isIdle() || this.notificationsNeeded.getAsBoolean();
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
			process(this.current);
			this.current = null;
			control.await(Cluster.GATHER);
		}
	}

	private synchronized @Nullable Round take() throws InterruptedException {
		while (!this.stopping && this.waiting.isEmpty()) {
			long left = this.nextReadAll - System.nanoTime();
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
		if (System.nanoTime() - this.nextReadAll >= 0) {
			round.all = true;
		}
		if (round.all) {
			this.nextReadAll = System.nanoTime() + this.intervalNanos;
		}
		return round;
	}

	private void process(Round round) {
		if (!round.notifications.isEmpty()) {
			Set<NodeNotification> notifications = EnumSet.copyOf(round.notifications);
			round.notifications.clear();
			this.onNotifications.accept(notifications);
		}
		if (round.all) {
			this.reader.readAll();
		}
		else {
			this.reader.read(round.sessionIds);
		}
	}

	/**
	 * Signals that are handled together.
	 */
	private static final class Round {

		private final Set<UUID> sessionIds = new HashSet<>();

		private final Set<NodeNotification> notifications = EnumSet.noneOf(NodeNotification.class);

		private boolean all;

		boolean isEmpty() {
			return this.sessionIds.isEmpty() && !this.all && this.notifications.isEmpty();
		}

	}

}
