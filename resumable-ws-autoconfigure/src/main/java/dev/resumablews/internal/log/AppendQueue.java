package dev.resumablews.internal.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import dev.resumablews.internal.concurrent.BackOff;
import org.jspecify.annotations.Nullable;

/**
 * The queue of appends of one writer. Appends of one session stay in order. Sessions take
 * turns, so a session with thousands of queued appends delays each other session by one
 * append. Appends of a session that another transaction has locked are parked and offered
 * again after a back-off, without delaying other sessions. Safe for use by many threads,
 * of which one takes appends.
 */
final class AppendQueue {

	/**
	 * One session may use the queue's capacity divided by this number.
	 */
	private static final int SESSION_SHARE = 2;

	private final LogSettings settings;

	private final BackOff backOff;

	private final Map<UUID, SessionAppends> sessions = new HashMap<>();

	/**
	 * The sessions with appends that may be taken, each once.
	 */
	private final Deque<SessionAppends> turns = new ArrayDeque<>();

	/**
	 * The sessions that were locked at the last attempt; also in {@link #sessions}.
	 */
	private final Set<SessionAppends> locked = new HashSet<>();

	private int waiting;

	private long waitingCharacters;

	private boolean closed;

	AppendQueue(LogSettings settings, BackOff backOff) {
		this.settings = settings;
		this.backOff = backOff;
	}

	/**
	 * Adds an append.
	 * @return the reason for rejecting it; null if it was added
	 */
	synchronized @Nullable String add(QueuedAppend append) {
		if (this.closed) {
			return "The event log is shutting down";
		}
		SessionAppends session = this.sessions.get(append.sessionId());
		if (!append.isLateBound()) {
			String full = full(append, session);
			if (full != null) {
				return full;
			}
		}
		if (session == null) {
			session = new SessionAppends();
			this.sessions.put(append.sessionId(), session);
		}
		boolean hadTurn = session.peek() != null;
		session.add(append);
		count(append, 1);
		if (!hadTurn && session.peek() != null) {
			this.turns.add(session);
			if (this.turns.size() == 1) {
				notifyAll();
			}
		}
		return null;
	}

	/**
	 * Waits until an append can be taken or the time has elapsed.
	 * @return whether an append can be taken
	 */
	synchronized boolean await(long nanos) throws InterruptedException {
		long deadline = System.nanoTime() + nanos;
		release(System.nanoTime());
		while (this.turns.isEmpty() && !this.closed) {
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
		return !this.turns.isEmpty();
	}

	/**
	 * Takes the next appends, at least one if there is any.
	 * @param most maximum number of appends
	 * @param room maximum total length of their payloads
	 * @return the appends; those of one session are in order
	 */
	synchronized List<QueuedAppend> poll(int most, long room) {
		List<QueuedAppend> taken = new ArrayList<>(Math.min(most, this.waiting));
		long left = room;
		SessionAppends session = this.turns.peek();
		while (session != null && taken.size() < most) {
			QueuedAppend next = session.peek();
			if (next == null || !taken.isEmpty() && next.waitingLength() > left) {
				break;
			}
			taken.add(session.remove());
			left -= next.waitingLength();
			count(next, -1);
			this.turns.remove();
			if (session.peek() != null) {
				this.turns.add(session);
			}
			else if (session.isForgotten()) {
				this.sessions.remove(next.sessionId());
			}
			session = this.turns.peek();
		}
		return taken;
	}

	/**
	 * Parks appends that were taken because another transaction has locked their
	 * sessions. Other queued appends of these sessions stay behind them.
	 * @param appends the appends, in order
	 */
	synchronized void park(List<QueuedAppend> appends) {
		Map<UUID, List<QueuedAppend>> bySession = new LinkedHashMap<>();
		appends.forEach((append) -> {
			bySession.computeIfAbsent(append.sessionId(), (id) -> new ArrayList<>()).add(append);
			count(append, 1);
		});
		bySession.forEach((sessionId, taken) -> {
			SessionAppends session = this.sessions.computeIfAbsent(sessionId, (id) -> new SessionAppends());
			session.park(taken, this.backOff);
			this.locked.add(session);
		});
		this.turns.removeIf(SessionAppends::isParked);
	}

	/**
	 * Notes that all taken appends are stored, rejected or parked again. Sessions whose
	 * offered appends were taken and not parked again are no longer locked.
	 */
	synchronized void written() {
		if (this.locked.isEmpty()) {
			return;
		}
		this.locked.removeIf((session) -> {
			boolean unlocked = session.written();
			if (unlocked && session.peek() != null) {
				this.turns.add(session);
			}
			return unlocked;
		});
		this.sessions.values().removeIf(SessionAppends::isForgotten);
	}

	/**
	 * Passes every queued append to a consumer.
	 */
	void forEach(Consumer<QueuedAppend> consumer) {
		List<QueuedAppend> all = new ArrayList<>();
		synchronized (this) {
			this.sessions.values().forEach((session) -> session.forEach(all::add));
		}
		all.forEach(consumer);
	}

	/**
	 * Rejects further appends.
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

	/**
	 * Returns the total length of the queued payloads.
	 */
	synchronized long characters() {
		return this.waitingCharacters;
	}

	/**
	 * Returns the append that has waited longest; null if the queue is empty.
	 */
	synchronized @Nullable QueuedAppend oldest() {
		QueuedAppend oldest = null;
		for (SessionAppends session : this.sessions.values()) {
			QueuedAppend first = session.oldest();
			if (first != null && (oldest == null || first.deadline() - oldest.deadline() < 0)) {
				oldest = first;
			}
		}
		return oldest;
	}

	private void count(QueuedAppend append, int sign) {
		this.waiting += sign;
		this.waitingCharacters += (long) sign * append.waitingLength();
	}

	private @Nullable String full(QueuedAppend append, @Nullable SessionAppends session) {
		int capacity = this.settings.queueCapacity();
		long characters = this.settings.queueCharacters();
		if (this.waiting >= capacity || this.waitingCharacters + append.waitingLength() > characters) {
			return "The event log is full: %d events with %d characters are queued".formatted(this.waiting,
					this.waitingCharacters);
		}
		if (session != null && (session.size() >= Math.max(1, capacity / SESSION_SHARE)
				|| session.characters() + append.waitingLength() > characters / SESSION_SHARE)) {
			return "Session %s%s has too many queued appends: %d events with %d characters".formatted(
					append.sessionId(), this.locked.contains(session) ? ", which another transaction has locked," : "",
					session.size(), session.characters());
		}
		return null;
	}

	private long nextRelease(long latest) {
		long next = latest;
		for (SessionAppends session : this.locked) {
			if (session.isParked() && session.releaseAt() - next < 0) {
				next = session.releaseAt();
			}
		}
		return next;
	}

	/**
	 * Offers the first appends of the sessions whose back-off has elapsed.
	 */
	private void release(long now) {
		for (SessionAppends session : this.locked) {
			if (session.isParked() && now - session.releaseAt() >= 0) {
				session.offer((append) -> count(append, -1));
				if (session.peek() != null) {
					this.turns.add(session);
				}
			}
		}
	}

}
