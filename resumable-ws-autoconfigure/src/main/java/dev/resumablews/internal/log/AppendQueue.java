package dev.resumablews.internal.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import dev.resumablews.internal.concurrent.BackOff;
import org.jspecify.annotations.Nullable;

/**
 * The appends that wait for a writer, in the order in which they came. Those of a session
 * that another transaction has locked are parked: they stay in order, are offered again
 * after a back-off, and keep no other session waiting. Safe for use by many threads; one
 * of them takes.
 */
final class AppendQueue {

	/**
	 * What one locked session may keep waiting, of what the queue may hold in all.
	 */
	private static final int PARKED_SHARE = 2;

	private final LogSettings settings;

	private final BackOff backOff;

	private final Deque<QueuedAppend> queue = new ArrayDeque<>();

	private final Map<UUID, ParkedSession> parked = new HashMap<>();

	private int waiting;

	private long waitingCharacters;

	private boolean closed;

	AppendQueue(LogSettings settings, BackOff backOff) {
		this.settings = settings;
		this.backOff = backOff;
	}

	/**
	 * Adds an append.
	 * @return why it was refused; null if it was added
	 */
	synchronized @Nullable String add(QueuedAppend append) {
		if (this.closed) {
			return "The event log is being stopped";
		}
		if (!append.isLateBound()) {
			String full = full(append);
			if (full != null) {
				return full;
			}
		}
		this.waiting++;
		this.waitingCharacters += append.waitingLength();
		ParkedSession session = this.parked.get(append.sessionId());
		if (session != null) {
			session.appends.add(append);
		}
		else {
			this.queue.add(append);
			notifyAll();
		}
		return null;
	}

	/**
	 * Waits until there is something to take, or for the given time.
	 * @return how many appends may be taken
	 */
	synchronized int await(long nanos) throws InterruptedException {
		long deadline = System.nanoTime() + nanos;
		release(System.nanoTime());
		while (this.queue.isEmpty() && !this.closed) {
			long now = System.nanoTime();
			long left = Math.min(deadline, nextRelease(deadline)) - now;
			if (left > 0) {
				TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
			}
			release(System.nanoTime());
			if (System.nanoTime() - deadline >= 0) {
				break;
			}
		}
		return this.queue.size();
	}

	/**
	 * Takes the next appends, at least one if there is any.
	 * @param most how many, at most
	 * @param room length of the payloads that they may have
	 * @return the appends, in their order
	 */
	synchronized List<QueuedAppend> poll(int most, long room) {
		List<QueuedAppend> taken = new ArrayList<>(Math.min(most, this.queue.size()));
		long left = room;
		QueuedAppend next = this.queue.peek();
		while (next != null && taken.size() < most && (taken.isEmpty() || next.waitingLength() <= left)) {
			taken.add(this.queue.remove());
			left -= next.waitingLength();
			this.waiting--;
			this.waitingCharacters -= next.waitingLength();
			ParkedSession session = this.parked.isEmpty() ? null : this.parked.get(next.sessionId());
			if (session != null) {
				session.outstanding--;
			}
			next = this.queue.peek();
		}
		return taken;
	}

	/**
	 * Parks appends that were taken, because another transaction has locked their
	 * sessions. What else waits for these sessions stays behind them.
	 * @param appends the appends, in their order
	 */
	synchronized void park(List<QueuedAppend> appends) {
		Map<UUID, Deque<QueuedAppend>> bySession = new HashMap<>();
		appends.forEach((append) -> {
			bySession.computeIfAbsent(append.sessionId(), (id) -> new ArrayDeque<>()).add(append);
			this.waiting++;
			this.waitingCharacters += append.waitingLength();
		});
		this.queue.removeIf((append) -> {
			Deque<QueuedAppend> session = bySession.get(append.sessionId());
			return session != null && session.add(append);
		});
		bySession.forEach((sessionId, first) -> this.parked.computeIfAbsent(sessionId, (id) -> new ParkedSession())
			.park(first, this.backOff));
	}

	/**
	 * Notes that what was taken so far is stored, refused or parked again. Sessions that
	 * were offered and not parked again are not locked any more.
	 */
	synchronized void written() {
		this.parked.values().removeIf((session) -> {
			boolean unlocked = session.offered && session.outstanding == 0;
			if (unlocked) {
				this.queue.addAll(session.appends);
			}
			return unlocked;
		});
	}

	/**
	 * Passes every waiting append to a consumer.
	 */
	void forEach(Consumer<QueuedAppend> consumer) {
		List<QueuedAppend> all;
		synchronized (this) {
			all = new ArrayList<>(this.queue);
			this.parked.values().forEach((session) -> all.addAll(session.appends));
		}
		all.forEach(consumer);
	}

	/**
	 * Notes that no further append is accepted.
	 */
	synchronized void close() {
		this.closed = true;
		notifyAll();
	}

	synchronized boolean isEmpty() {
		return this.waiting == 0;
	}

	synchronized int waiting() {
		return this.waiting;
	}

	private @Nullable String full(QueuedAppend append) {
		if (this.waiting >= this.settings.queueCapacity()
				|| this.waitingCharacters + append.waitingLength() > this.settings.queueCharacters()) {
			return "The event log is full: %d events of %d characters are waiting".formatted(this.waiting,
					this.waitingCharacters);
		}
		ParkedSession session = this.parked.get(append.sessionId());
		if (session != null && session.appends.size() >= Math.max(1, this.settings.queueCapacity() / PARKED_SHARE)) {
			return "Session %s is locked by another transaction, and %d events wait for it"
				.formatted(append.sessionId(), session.appends.size());
		}
		return null;
	}

	private long nextRelease(long latest) {
		long next = latest;
		for (ParkedSession session : this.parked.values()) {
			if (!session.offered && session.releaseAt - next < 0) {
				next = session.releaseAt;
			}
		}
		return next;
	}

	/**
	 * Offers the first appends of the sessions whose back-off is over.
	 */
	private void release(long now) {
		for (ParkedSession session : this.parked.values()) {
			if (!session.offered && now - session.releaseAt >= 0) {
				session.appends.removeIf(this::isRefused);
				session.offer(this.queue);
			}
		}
	}

	private boolean isRefused(QueuedAppend append) {
		boolean refused = append.result().isDone();
		if (refused) {
			this.waiting--;
			this.waitingCharacters -= append.waitingLength();
		}
		return refused;
	}

	/**
	 * A session that another transaction has locked. Guarded by the queue.
	 */
	private static final class ParkedSession {

		/**
		 * How many appends are tried at once at first: a usual batch, as the session may
		 * be free, or another writer may let go of it within milliseconds.
		 */
		private static final int MAX_OFFERED = 1000;

		/**
		 * How many appends are tried at once when a transaction holds the session for
		 * longer.
		 */
		private static final int FEW_OFFERED = 8;

		private static final int FEW_AFTER = 8;

		/**
		 * Another writer holds the lock most of the time while it is busy, but lets go of
		 * it every few milliseconds.
		 */
		private static final int ATTEMPTS_PER_DELAY = 4;

		private Deque<QueuedAppend> appends = new ArrayDeque<>();

		private int failures;

		private long releaseAt;

		/**
		 * Whether the first appends were put back into the queue, to be tried again.
		 */
		private boolean offered;

		/**
		 * How many of them are still there.
		 */
		private int outstanding;

		void park(Deque<QueuedAppend> first, BackOff backOff) {
			first.addAll(this.appends);
			this.appends = first;
			this.offered = false;
			this.outstanding = 0;
			this.failures++;
			this.releaseAt = System.nanoTime() + backOff.delay(1 + this.failures / ATTEMPTS_PER_DELAY).toNanos();
		}

		/**
		 * Puts back what was settled when it was tried before, or one append: one whose
		 * payload is bound late is to be settled as late as possible.
		 */
		void offer(Deque<QueuedAppend> queue) {
			this.offered = true;
			int most = (this.failures < FEW_AFTER) ? MAX_OFFERED : FEW_OFFERED;
			while (!this.appends.isEmpty() && this.outstanding < most
					&& (this.outstanding == 0 || this.appends.getFirst().isSettled())) {
				queue.add(this.appends.removeFirst());
				this.outstanding++;
			}
		}

	}

}
