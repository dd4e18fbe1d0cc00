package dev.resumablews.internal.status;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import dev.resumablews.internal.concurrent.Outage;
import org.jspecify.annotations.Nullable;

/**
 * State of a writer of the log.
 *
 * @param waiting the number of events to be stored, including the current batch
 * @param characters the length of the queued payloads
 * @param oldestWaiting the waiting time of the oldest event; zero if there is none
 * @param attempt the duration of the current attempt; null if there is none
 * @param lastCommit the time of the last commit; null if there was none
 * @param outage the current outage; null if the last attempt succeeded
 */
public record WriterStatus(int waiting, long characters, Duration oldestWaiting, @Nullable Duration attempt,
		@Nullable Instant lastCommit, @Nullable Outage outage) {

	/**
	 * Source of the status. Safe for use by multiple threads; does not block.
	 */
	public interface Source {

		/**
		 * Returns the state of each writer.
		 * @return the states
		 */
		List<WriterStatus> writers();

		/**
		 * Requests that idle writers check whether they can write, unless they did so
		 * recently. Does not wait; the result is part of a later status.
		 */
		void probe();

	}

}
