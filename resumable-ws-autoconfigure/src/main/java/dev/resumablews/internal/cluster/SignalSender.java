package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * What this node has to tell the others. Its thread sends all that is waiting at once, so
 * that signals grow fewer under load, and tries again what failed. Taking news is safe
 * for use by many threads, and does not block.
 */
final class SignalSender {

	/**
	 * More than that is left to the other nodes' own looks at the log.
	 */
	private static final int MAX_WAITING = 100_000;

	private final UUID node;

	private final RetryingWorker<List<String>> loop;

	private Set<UUID> sessionIds = new LinkedHashSet<>();

	private boolean ring;

	private boolean stopping;

	SignalSender(UUID node, ClusterSignal signal) {
		this.node = node;
		this.loop = new RetryingWorker<>("resumable-ws-signal", new OutageLog("Telling other nodes of new events"),
				this::take, signal::send);
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

	synchronized void ring() {
		this.ring = true;
		notifyAll();
	}

	/**
	 * Sends what is waiting, if that is possible within the time, and ends the thread.
	 */
	void stop(Duration timeout) {
		synchronized (this) {
			this.stopping = true;
			notifyAll();
		}
		this.loop.stop(timeout);
	}

	private synchronized @Nullable List<String> take() throws InterruptedException {
		while (this.sessionIds.isEmpty() && !this.ring && !this.stopping) {
			wait();
		}
		List<String> texts = SignalCodec.write(this.node, this.sessionIds, this.ring);
		this.sessionIds = new LinkedHashSet<>();
		this.ring = false;
		return texts.isEmpty() ? null : texts;
	}

}
