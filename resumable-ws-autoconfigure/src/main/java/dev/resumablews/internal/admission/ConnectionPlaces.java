package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * The places of a node's connections, by user. A handshake reserves a place, which the
 * connection takes once it is there. So handshakes at the same time cannot be admitted to
 * the same place. A reservation ends by itself after a while, as a container does not
 * tell of a client that has vanished before its connection was there. Safe for use by
 * many threads.
 */
final class ConnectionPlaces {

	/**
	 * Longer than a container takes from a handshake to its connection.
	 */
	private static final long RESERVED_NANOS = Duration.ofSeconds(30).toNanos();

	private final Map<String, User> users = new HashMap<>();

	private int taken;

	private int reserved;

	/**
	 * Reserves a place.
	 * @param now the time, by {@link System#nanoTime()}
	 */
	synchronized void reserve(String userId, long now) {
		this.users.computeIfAbsent(userId, (id) -> new User()).reservations.add(now);
		this.reserved++;
	}

	/**
	 * Gives a reservation back, if it has not ended.
	 */
	synchronized void cancel(String userId) {
		User user = this.users.get(userId);
		if (user != null && user.reservations.poll() != null) {
			this.reserved--;
			removeIfEmpty(userId, user);
		}
	}

	/**
	 * Takes a place, the one that was reserved if that has not ended.
	 */
	synchronized void take(String userId) {
		User user = this.users.computeIfAbsent(userId, (id) -> new User());
		if (user.reservations.poll() != null) {
			this.reserved--;
		}
		user.taken++;
		this.taken++;
	}

	/**
	 * Gives a place back that was taken.
	 */
	synchronized void free(String userId) {
		User user = this.users.get(userId);
		if (user != null) {
			user.taken--;
			this.taken--;
			removeIfEmpty(userId, user);
		}
	}

	/**
	 * Ends reservations that are too old.
	 * @param now the time, by {@link System#nanoTime()}
	 */
	synchronized void expire(long now) {
		if (this.reserved == 0) {
			return;
		}
		this.users.values().removeIf((user) -> {
			Long oldest = user.reservations.peek();
			while (oldest != null && now - oldest > RESERVED_NANOS) {
				user.reservations.remove();
				this.reserved--;
				oldest = user.reservations.peek();
			}
			return user.isEmpty();
		});
	}

	/**
	 * Returns how many places a user has taken and reserved.
	 */
	synchronized int of(String userId) {
		User user = this.users.get(userId);
		return (user != null) ? user.taken + user.reservations.size() : 0;
	}

	/**
	 * Returns how many places are taken and reserved.
	 */
	synchronized int total() {
		return this.taken + this.reserved;
	}

	synchronized int reserved() {
		return this.reserved;
	}

	private void removeIfEmpty(String userId, User user) {
		if (user.isEmpty()) {
			this.users.remove(userId);
		}
	}

	private static final class User {

		private final Queue<Long> reservations = new ArrayDeque<>(1);

		private int taken;

		boolean isEmpty() {
			return this.taken <= 0 && this.reservations.isEmpty();
		}

	}

}
