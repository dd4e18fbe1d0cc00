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
import dev.resumablews.internal.node.Bell;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.node.OtherNodes;
import dev.resumablews.internal.status.OutageSource;
import dev.resumablews.internal.status.SignalStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;

/**
 * This node among the others, while the application runs: tells them what it commits, and
 * reads what they tell. Carries ephemeral events as long as other nodes have clients.
 * Safe for use by many threads.
 */
final class Cluster
		implements NodeNotifier, EphemeralEvents.Carrier, SignalStatus.Source, OutageSource, SmartLifecycle {

	static final BackOff BACK_OFF = new BackOff(Duration.ofMillis(50), Duration.ofSeconds(2));

	/**
	 * Signals that arrive within this time are handled together, since each time costs a
	 * round trip or two and a query.
	 */
	static final Duration GATHER = Duration.ofMillis(5);

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final ClusterSignal signal;

	private final NodeId node;

	private final RemoteEventReader news;

	private final EphemeralEvents ephemerals;

	private final OtherNodes others;

	private final Duration interval;

	/**
	 * Takes news at any time, and sends it while this is running.
	 */
	private volatile SignalSender outgoing;

	private volatile @Nullable SignalReceiver incoming;

	private final List<RingListener> ringListeners = new CopyOnWriteArrayList<>();

	private final List<ConnectionsListener> connectionsListeners = new CopyOnWriteArrayList<>();

	private volatile boolean running;

	/**
	 * Creates it.
	 * @param ephemerals events to carry to other nodes, and from them
	 * @param others whether there are any
	 * @param interval how long news may go unnoticed when no signal comes
	 */
	Cluster(NodeId node, ClusterSignal signal, RemoteEventReader news, CommitListeners commits,
			EphemeralEvents ephemerals, OtherNodes others, Duration interval) {
		this.signal = signal;
		this.ephemerals = ephemerals;
		this.others = others;
		this.node = node;
		this.news = news;
		this.interval = interval;
		this.outgoing = new SignalSender(node.value(), signal);
		commits.add((sessionIds) -> this.outgoing.news(sessionIds));
		ephemerals.add(this);
	}

	@Override
	public void ring(Bell bell) {
		this.outgoing.ring(bell);
	}

	@Override
	public void onRing(Bell bell, Runnable listener, BooleanSupplier needed) {
		this.ringListeners.add(new RingListener(bell, listener, needed));
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
					+ "'polling', as that stores signals in a table; set it to 'postgres' or 'redis'");
		}
		long bytes = EphemeralCodec.bytes(event);
		if (bytes > most) {
			int mostOfRedis = RedisSignal.MAX_EPHEMERAL_BYTES - EphemeralCodec.ENVELOPE_BYTES;
			String remedy = (most < mostOfRedis)
					? ", or set resumable-ws.cluster.signal to 'redis', which carries " + mostOfRedis : "";
			throw new IllegalArgumentException(
					("The ephemeral event has %d bytes, type and payload together, and a signal between nodes carries %d. "
							+ "Make it smaller, or publish it as an event that is stored%s")
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
			SignalReceiver incoming = new SignalReceiver(this.node.value(), this.news, this.ephemerals::received,
					this.others, allConnectionsListeners(), this::rung, this::ringNeeded, this.interval);
			incoming.start();
			this.incoming = incoming;
			this.signal.start(incoming);
			this.outgoing.start();
		}
	}

	/**
	 * Sends what is waiting. What comes after that waits for the next start, if there is
	 * one.
	 */
	@Override
	public synchronized void stop() {
		if (this.running) {
			this.running = false;
			SignalSender last = this.outgoing;
			this.outgoing = new SignalSender(this.node.value(), this.signal);
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
	 * Starts before there are connections, and stops after they, their replies and the
	 * web server have stopped.
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

	private void rung(Set<Bell> bells) {
		this.ringListeners.stream()
			.filter((listener) -> bells.contains(listener.bell()))
			.forEach((listener) -> listener.onRing().run());
	}

	private boolean ringNeeded() {
		return this.ringListeners.stream().anyMatch((listener) -> listener.needed().getAsBoolean());
	}

	private record RingListener(Bell bell, Runnable onRing, BooleanSupplier needed) {

	}

}
