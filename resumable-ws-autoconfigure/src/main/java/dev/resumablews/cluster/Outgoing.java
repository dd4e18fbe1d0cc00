package dev.resumablews.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * What this node has to tell the others. Its thread sends all that is waiting at once, so
 * that signals grow fewer under load, and tries again what failed. Taking news is safe
 * for use by many threads, and does not block.
 */
final class Outgoing {

	/**
	 * More than that is left to the other nodes' own looks at the log.
	 */
	private static final int MAX_WAITING = 100_000;

	private final UUID node;

	private final ClusterSignal signal;

	private final Trouble trouble = new Trouble("Telling other nodes of new events");

	private final Pause pause = new Pause();

	private final Thread thread;

	private Set<UUID> sessionIds = new LinkedHashSet<>();

	private boolean ring;

	private boolean stopping;

	Outgoing(UUID node, ClusterSignal signal) {
		this.node = node;
		this.signal = signal;
		this.thread = new Thread(this::run, "resumable-ws-signal");
		this.thread.setDaemon(true);
	}

	void start() {
		this.thread.start();
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
		this.pause.end();
		Stopping.join(this.thread, timeout);
	}

	private void run() {
		try {
			for (List<String> texts = take(); !texts.isEmpty(); texts = take()) {
				if (!send(texts)) {
					return;
				}
			}
		}
		catch (InterruptedException ex) {
			// stopped, and out of time
		}
	}

	private boolean send(List<String> texts) throws InterruptedException {
		for (int attempts = 1;; attempts++) {
			try {
				this.signal.send(texts);
				this.trouble.worked();
				return true;
			}
			catch (InterruptedException ex) {
				throw ex;
			}
			catch (Exception ex) {
				this.trouble.failed(ex);
				if (!this.pause.await(attempts)) {
					return false;
				}
			}
		}
	}

	/**
	 * Waits for something to send; nothing means that there will be nothing any more.
	 */
	private synchronized List<String> take() throws InterruptedException {
		while (this.sessionIds.isEmpty() && !this.ring && !this.stopping) {
			wait();
		}
		List<String> texts = SignalText.write(this.node, this.sessionIds, this.ring);
		this.sessionIds = new LinkedHashSet<>();
		this.ring = false;
		return texts;
	}

}
