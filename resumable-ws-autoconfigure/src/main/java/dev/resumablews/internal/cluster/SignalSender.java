package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.node.Bell;
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

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-signal", "Signalling events to other nodes",
			Cluster.BACK_OFF, this::step);

	private final ClusterSignal signal;

	private Set<UUID> sessionIds = new LinkedHashSet<>();

	private Set<Bell> bells = EnumSet.noneOf(Bell.class);

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

	void start() {
		this.loop.start();
	}

	synchronized void news(Collection<UUID> sessionIds) {
		if (!this.stopping && this.sessionIds.size() < MAX_WAITING) {
			this.sessionIds.addAll(sessionIds);
			notifyAll();
		}
	}

	synchronized void ring(Bell bell) {
		this.bells.add(bell);
		notifyAll();
	}

	/**
	 * Sends what is waiting, if that is possible within the time, and ends the thread.
	 */
	void stop(Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		synchronized (this) {
			this.stopping = true;
			notifyAll();
			try {
				for (long left = timeout.toNanos(); left > 0 && !isIdle(); left = deadline - System.nanoTime()) {
					TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
				}
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
			this.current = take();
		}
		if (!this.current.isEmpty()) {
			this.signal.send(this.current);
			this.current = List.of();
			sent();
			control.await(Cluster.GATHER);
		}
	}

	private synchronized List<String> take() throws InterruptedException {
		while (isIdle() && !this.ended) {
			wait();
		}
		List<String> texts = SignalCodec.write(this.node, this.sessionIds, this.bells);
		this.sessionIds = new LinkedHashSet<>();
		this.bells = EnumSet.noneOf(Bell.class);
		this.sending = !texts.isEmpty();
		return texts;
	}

	private synchronized void sent() {
		this.sending = false;
		notifyAll();
	}

	private boolean isIdle() {
		return this.sessionIds.isEmpty() && this.bells.isEmpty() && !this.sending;
	}

}
