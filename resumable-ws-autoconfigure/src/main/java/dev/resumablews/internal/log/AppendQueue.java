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
 * The appends that wait for a writer. Those of one session stay in order; sessions take
 * turns, so one that has thousands of them waiting delays the others by one append each.
 * The appends of a session that another transaction has locked are parked, are offered
 * again after a back-off, and keep no other session waiting. Safe for use by many
 * threads; one of them takes.
 */
final class AppendQueue {

	/**
	 * What one session may keep waiting, as a part of what the queue may hold in all.
	 */
	private static final int SESSION_SHARE = 2;

	private final LogSettings settings;

	private final BackOff backOff;

	private final Map<UUID, SessionAppends> sessions = new HashMap<>();

	/**
	 * The sessions from which an append may be taken, each once.
	 */
	private final Deque<SessionAppends> turns = new ArrayDeque<>();

	/**
	 * The sessions that were locked when they were last tried; also in {@link #sessions}.
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
	 * @return why it was refused; null if it was added
	 */
	synchronized @Nullable String add(QueuedAppend append) {
		if (this.closed) {
			return "The event log is being stopped";
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
	 * Waits until there is something to take, or for the given time.
	 * @return whether there is
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
	 * @param most how many, at most
	 * @param room length of the payloads that they may have
	 * @return the appends; those of one session are in their order
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
	 * Parks appends that were taken, because another transaction has locked their
	 * sessions. What else waits for these sessions stays behind them.
	 * @param appends the appends, in their order
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
	 * Notes that what was taken so far is stored, refused or parked again. Sessions that
	 * were offered and not parked again are not locked any more.
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
	 * Passes every waiting append to a consumer.
	 */
	void forEach(Consumer<QueuedAppend> consumer) {
		List<QueuedAppend> all = new ArrayList<>();
		synchronized (this) {
			this.sessions.values().forEach((session) -> session.forEach(all::add));
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

	/**
	 * Returns the length of the payloads that wait.
	 */
	synchronized long characters() {
		return this.waitingCharacters;
	}

	/**
	 * Returns the append that has waited longest; null if none waits.
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
			return "The event log is full: %d events of %d characters are waiting".formatted(this.waiting,
					this.waitingCharacters);
		}
		if (session != null && (session.size() >= Math.max(1, capacity / SESSION_SHARE)
				|| session.characters() + append.waitingLength() > characters / SESSION_SHARE)) {
			return "%d events of %d characters wait for session %s%s, and others need room, too".formatted(
					session.size(), session.characters(), append.sessionId(),
					this.locked.contains(session) ? ", which another transaction has locked" : "");
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
	 * Offers the first appends of the sessions whose back-off is over.
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
