package dev.resumablews.internal.status;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import dev.resumablews.internal.concurrent.Outage;
import org.jspecify.annotations.Nullable;

/**
 * State of a writer of the log.
 *
 * @param waiting events that wait to be stored, those of the current batch included
 * @param characters length of the payloads of those that wait in the queue
 * @param oldestWaiting how long the oldest of them has waited; zero if none waits
 * @param attempt how long Postgres has not answered the current attempt; null if there is
 * none
 * @param lastCommit when a batch was last stored; null if none was
 * @param outage since when attempts have failed; null if the last one succeeded
 */
public record WriterStatus(int waiting, long characters, Duration oldestWaiting, @Nullable Duration attempt,
		@Nullable Instant lastCommit, @Nullable Outage outage) {

	/**
	 * The writers. Safe for use by many threads; does not block.
	 */
	public interface Source {

		/**
		 * Returns the state of each writer.
		 * @return the states
		 */
		List<WriterStatus> writers();

		/**
		 * Asks the writers that have nothing to write whether they could, unless they
		 * know. Does not wait for the answer: it is part of a later status.
		 */
		void probe();

	}

}
