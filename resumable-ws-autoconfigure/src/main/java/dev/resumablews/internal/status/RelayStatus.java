package dev.resumablews.internal.status;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * State of the relays.
 *
 * @param open the number of relays on this node
 * @param sinceRenewal the time since the oldest lease of this node was renewed; null if
 * it holds no relay
 * @param lease the duration of the shortest lease
 */
public record RelayStatus(int open, @Nullable Duration sinceRenewal, Duration lease) {

	/**
	 * Source of the status. Safe for use by multiple threads; does not block.
	 */
	@FunctionalInterface
	public interface Source {

		/**
		 * Returns the state of the relays.
		 * @return the state
		 */
		RelayStatus relays();

	}

}
