package dev.resumablews.internal.status;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * State of the relays.
 *
 * @param open relays that this node holds
 * @param sinceRenewal how long ago the oldest lease of this node began; null if this node
 * holds no relay
 * @param lease how long the shortest lease lasts
 */
public record RelayStatus(int open, @Nullable Duration sinceRenewal, Duration lease) {

	/**
	 * The relays. Safe for use by many threads; does not block.
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
