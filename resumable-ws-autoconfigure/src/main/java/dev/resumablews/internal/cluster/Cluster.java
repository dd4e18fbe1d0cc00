package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.ephemeral.EphemeralEvent;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.feed.CommitListeners;
import dev.resumablews.internal.feed.RemoteEventReader;
import dev.resumablews.internal.node.NodeNotification;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.node.OtherNodes;
import dev.resumablews.internal.status.OutageSource;
import dev.resumablews.internal.status.SignalStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;

/**
 * Exchanges signals with the other nodes while the application runs: signals the commits
 * of this node, and reads the events that others signal. Carries ephemeral events while
 * other nodes have clients. Safe for use by many threads.
 */
final class Cluster
		implements NodeNotifier, EphemeralEvents.Carrier, SignalStatus.Source, OutageSource, SmartLifecycle {

	static final BackOff BACK_OFF = new BackOff(Duration.ofMillis(50), Duration.ofSeconds(2));

	/**
	 * Signals that arrive within this time are handled together, because each round costs
	 * one or two round trips and a query.
	 */
	static final Duration GATHER = Duration.ofMillis(5);

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final ClusterSignal signal;

	private final NodeId node;

	private final RemoteEventReader reader;

	private final EphemeralEvents ephemerals;

	private final OtherNodes others;

	private final Duration interval;

	/**
	 * Accepts signals at any time, and sends them while this is running.
	 */
	private volatile SignalSender outgoing;

	private volatile @Nullable SignalReceiver incoming;

	private final List<NotificationListener> notificationListeners = new CopyOnWriteArrayList<>();

	private final List<ConnectionsListener> connectionsListeners = new CopyOnWriteArrayList<>();

	private volatile boolean running;

	/**
	 * Creates a cluster.
	 * @param ephemerals ephemeral events to exchange with other nodes
	 * @param others whether other nodes have clients
	 * @param interval maximum delay until events are read when no signal arrives
	 */
	Cluster(NodeId node, ClusterSignal signal, RemoteEventReader reader, CommitListeners commits,
			EphemeralEvents ephemerals, OtherNodes others, Duration interval) {
		this.signal = signal;
		this.ephemerals = ephemerals;
		this.others = others;
		this.node = node;
		this.reader = reader;
		this.interval = interval;
		this.outgoing = sender();
		commits.add((sessionIds) -> this.outgoing.eventsCommitted(sessionIds));
		ephemerals.add(this);
	}

	@Override
	public void notifyOthers(NodeNotification notification) {
		this.outgoing.notifyOthers(notification);
	}

	@Override
	public void onNotification(NodeNotification notification, Runnable listener, BooleanSupplier needed) {
		this.notificationListeners.add(new NotificationListener(notification, listener, needed));
	}

	@Override
	public void connectionsChanged(Collection<UUID> sessionIds) {
		this.outgoing.connectionsChanged(sessionIds);
	}

	@Override
	public void onConnectionsChanged(ConnectionsListener listener) {
		this.connectionsListeners.add(listener);
	}

	@Override
	public void check(EphemeralEvent event) {
		int most = this.signal.maxEphemeralBytes() - EphemeralCodec.ENVELOPE_BYTES;
		if (most < 0) {
			throw new IllegalStateException("Ephemeral events cannot be sent while resumable-ws.cluster.signal is "
					+ "'polling', because that stores signals in a table. Set it to 'postgres' or 'redis'");
		}
		long bytes = EphemeralCodec.bytes(event);
		if (bytes > most) {
			int maxOnRedis = RedisSignal.MAX_EPHEMERAL_BYTES - EphemeralCodec.ENVELOPE_BYTES;
			String remedy = (most < maxOnRedis)
					? ", or set resumable-ws.cluster.signal to 'redis', which carries " + maxOnRedis : "";
			throw new IllegalArgumentException(
					("The ephemeral event has %d bytes (type and payload), but a signal between nodes carries at most %d. "
							+ "Reduce its size, publish it as a stored event%s")
						.formatted(bytes, most, remedy));
		}
	}

	@Override
	public void carry(EphemeralEvent event) {
		if (this.running && this.others.mayBePresent()) {
			this.outgoing.ephemeral(event);
		}
	}

	@Override
	public Duration backstop() {
		return this.interval;
	}

	@Override
	public synchronized void start() {
		if (!this.running) {
			this.running = true;
			SignalReceiver incoming = new SignalReceiver(this.node.value(), this.reader, this.ephemerals::received,
					this.others, allConnectionsListeners(), this::notifyListeners, this::notificationsNeeded,
					this.interval);
			incoming.start();
			this.incoming = incoming;
			this.signal.start(incoming);
			this.outgoing.start();
		}
	}

	/**
	 * Sends the queued signals. Later signals are queued until the next start.
	 */
	@Override
	public synchronized void stop() {
		if (this.running) {
			this.running = false;
			SignalSender last = this.outgoing;
			this.outgoing = sender();
			last.stop(STOP_TIMEOUT);
			this.signal.close();
			SignalReceiver incoming = this.incoming;
			if (incoming != null) {
				incoming.stop(STOP_TIMEOUT);
			}
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	/**
	 * Starts before connections are accepted, and stops after the connections, their
	 * replies and the web server.
	 */
	@Override
	public int getPhase() {
		return DEFAULT_PHASE - 8192;
	}

	@Override
	public SignalStatus signals() {
		return new SignalStatus(this.signal.kind(), this.running && this.signal.isConnected(), this.signal.outage(),
				this.interval);
	}

	@Override
	public List<Outage> outages() {
		SignalReceiver incoming = this.incoming;
		return Stream.of(this.signal.outage(), this.outgoing.outage(), (incoming != null) ? incoming.outage() : null)
			.filter(Objects::nonNull)
			.toList();
	}

	private SignalSender sender() {
		return new SignalSender(this.node.value(), this.signal, this.others, SignalSender.ALONE);
	}

	private ConnectionsListener allConnectionsListeners() {
		return new ConnectionsListener() {

			@Override
			public void changed(Collection<UUID> sessionIds) {
				Cluster.this.connectionsListeners.forEach((listener) -> listener.changed(sessionIds));
			}

			@Override
			public void missed() {
				Cluster.this.connectionsListeners.forEach(ConnectionsListener::missed);
			}

		};
	}

	private void notifyListeners(Set<NodeNotification> notifications) {
		this.notificationListeners.stream()
			.filter((listener) -> notifications.contains(listener.notification()))
			.forEach((listener) -> listener.action().run());
	}

	private boolean notificationsNeeded() {
		return this.notificationListeners.stream().anyMatch((listener) -> listener.needed().getAsBoolean());
	}

	private record NotificationListener(NodeNotification notification, Runnable action, BooleanSupplier needed) {

	}

}
