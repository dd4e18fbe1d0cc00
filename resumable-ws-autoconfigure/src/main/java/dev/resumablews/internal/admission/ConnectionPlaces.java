package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * The places of a node's connections, by user. A handshake reserves a place, which its
 * connection takes when it opens, so that concurrent handshakes are never admitted to the
 * same place. Reservations expire, because a container does not report clients that
 * vanish before their connection opens. Safe for use by many threads.
 */
final class ConnectionPlaces {

	/**
	 * Longer than a container takes to open the connection of a handshake.
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
	 * Releases a reservation, unless it has expired.
	 */
	synchronized void cancel(String userId) {
		User user = this.users.get(userId);
		if (user != null && user.reservations.poll() != null) {
			this.reserved--;
			removeIfEmpty(userId, user);
		}
	}

	/**
	 * Takes a place, using the reservation unless it has expired.
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
	 * Releases a taken place.
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
	 * Removes expired reservations.
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
	 * Returns the number of places that a user has taken or reserved.
	 */
	synchronized int of(String userId) {
		User user = this.users.get(userId);
		return (user != null) ? user.taken + user.reservations.size() : 0;
	}

	/**
	 * Returns the number of taken and reserved places.
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
