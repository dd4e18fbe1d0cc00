package dev.resumablews.cluster;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.resumablews.log.CommitListeners;
import dev.resumablews.log.NewsReader;
import dev.resumablews.log.NodeDoorbell;
import dev.resumablews.log.NodeId;

import org.springframework.context.SmartLifecycle;

/**
 * This node among the others, while the application runs: tells them what it commits, and
 * reads what they tell. Safe for use by many threads.
 */
final class Cluster implements NodeDoorbell, SmartLifecycle {

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final ClusterSignal signal;

	private final Outgoing outgoing;

	private final Incoming incoming;

	private final List<Runnable> ringListeners = new CopyOnWriteArrayList<>();

	private volatile boolean running;

	/**
	 * Creates it.
	 * @param interval how long news may go unnoticed when no signal comes
	 */
	Cluster(NodeId node, ClusterSignal signal, NewsReader news, CommitListeners commits, Duration interval) {
		this.signal = signal;
		this.outgoing = new Outgoing(node.value(), signal);
		this.incoming = new Incoming(node.value(), news, this::rung, interval);
		commits.add(this.outgoing::news);
	}

	@Override
	public void ring() {
		this.outgoing.ring();
	}

	@Override
	public void onRing(Runnable listener) {
		this.ringListeners.add(listener);
	}

	@Override
	public void start() {
		if (!this.running) {
			this.running = true;
			this.incoming.start();
			this.signal.start(this.incoming);
			this.outgoing.start();
		}
	}

	/**
	 * For good: what was sent last is sent while it can be received no more.
	 */
	@Override
	public void stop() {
		if (this.running) {
			this.running = false;
			this.outgoing.stop(STOP_TIMEOUT);
			this.signal.close();
			this.incoming.stop(STOP_TIMEOUT);
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

	private void rung() {
		this.ringListeners.forEach(Runnable::run);
	}

}
