package dev.resumablews.internal.status;

import java.time.Duration;

import dev.resumablews.internal.concurrent.Outage;
import org.jspecify.annotations.Nullable;

/**
 * State of the signals between nodes.
 *
 * @param kind what carries them: {@code postgres}, {@code polling} or {@code redis}
 * @param connected whether signals of other nodes arrive, as far as is known
 * @param outage since when they have not arrived; null if they do, or the first attempt
 * to connect is under way
 * @param backstop after which time events of other nodes arrive without signals
 */
public record SignalStatus(String kind, boolean connected, @Nullable Outage outage, Duration backstop) {

	/**
	 * The signals. Safe for use by many threads; does not block.
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
