package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.List;

import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.presence.Presence;
import dev.resumablews.internal.status.OutageSource;
import dev.resumablews.internal.workers.ListeningClock;
import dev.resumablews.internal.workers.Workers;

import org.springframework.context.SmartLifecycle;

/**
 * Lifecycle that accepts connections between {@link #start()} and {@link #stop()}. Can be
 * restarted.
 */
public final class ConnectionLifecycle implements OutageSource, SmartLifecycle {

	private static final Duration PRESENCE_INTERVAL = Duration.ofSeconds(1);

	private final Connections connections;

	private final Presence presence;

	private final Workers workers;

	private final Drain drain;

	private volatile boolean running;

	ConnectionLifecycle(Connections connections, Presence presence, Workers workers, ListeningClock time, Drain drain,
			Duration heartbeat) {
		this.connections = connections;
		this.presence = presence;
		this.workers = workers;
		this.drain = drain;
		workers.clock().every(ListeningClock.TICK_INTERVAL, "Checking the connections", () -> {
			time.tick(System.nanoTime());
			connections.watch(time.getAsLong());
		});
		workers.clock()
			.every(presenceInterval(heartbeat), "Writing the live connections",
					() -> workers.presence().execute(presence::write));
	}

	@Override
	public synchronized void start() {
		if (!this.running) {
			this.running = true;
			this.presence.start();
			this.workers.clock().start();
			this.connections.start();
		}
	}

	@Override
	public synchronized void stop() {
		if (this.running) {
			this.running = false;
			this.drain.run();
			this.workers.clock().stop();
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public List<Outage> outages() {
		return this.workers.clock().outages();
	}

	/**
	 * Returns the highest phase, so that this stops before the web server.
	 */
	@Override
	public int getPhase() {
		return DEFAULT_PHASE;
	}

	/**
	 * Returns a fraction of the heartbeat interval, so that a heartbeat is at most one
	 * second late.
	 */
	private static Duration presenceInterval(Duration heartbeat) {
		Duration interval = heartbeat.dividedBy(4);
		return (interval.compareTo(PRESENCE_INTERVAL) < 0) ? interval.plusMillis(1) : PRESENCE_INTERVAL;
	}

}
