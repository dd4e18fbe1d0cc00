package dev.resumablews.internal.status;

import java.time.Duration;

import dev.resumablews.internal.concurrent.Outage;
import org.jspecify.annotations.Nullable;

/**
 * State of the signals between nodes.
 *
 * @param kind the transport: {@code postgres}, {@code polling} or {@code redis}
 * @param connected whether signals of other nodes are received
 * @param outage the current outage; null if signals are received or the first attempt to
 * connect is in progress
 * @param backstop the interval after which events of other nodes are read without signals
 */
public record SignalStatus(String kind, boolean connected, @Nullable Outage outage, Duration backstop) {

	/**
	 * Source of the status. Safe for use by multiple threads; does not block.
	 */
	@FunctionalInterface
	public interface Source {

		/**
		 * Returns the state of the signals.
		 * @return the state
		 */
		SignalStatus signals();

	}

}
