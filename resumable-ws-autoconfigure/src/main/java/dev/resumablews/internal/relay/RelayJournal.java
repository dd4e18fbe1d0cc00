package dev.resumablews.internal.relay;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.internal.log.AppendRequest.LateBound;
import dev.resumablews.internal.log.AppendRequest.RelayEnd;
import dev.resumablews.internal.log.AppendRequest.RelayEvent;
import dev.resumablews.internal.log.AppendRequest.Text;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.FencedException;
import dev.resumablews.internal.observation.LogContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Appends the events of one relay in order. The number of appends in flight is bounded;
 * further callers wait as long as Postgres takes. Safe for use by many threads, which
 * append in the order of their calls.
 */
final class RelayJournal {

	private static final Log logger = LogFactory.getLog(RelayJournal.class);

	/**
	 * Limit of the appends in flight in characters. Each event counts with a minimum,
	 * which bounds their number.
	 */
	private static final int ROOM = 1024 * 1024;

	private static final int MIN_SIZE = ROOM / 256;

	private static final Duration CHECK_INTERVAL = Duration.ofMillis(250);

	private final EventLog log;

	private final ClaimedRelay claim;

	private final BooleanSupplier over;

	private final Runnable onLost;

	private final Semaphore room = new Semaphore(ROOM, true);

	private volatile CompletableFuture<?> last = CompletableFuture.completedFuture(null);

	/**
	 * Creates a journal.
	 * @param over returns whether the relay is over and nothing more may be stored
	 * @param onLost called when an event could not be stored, for example because another
	 * node has claimed the relay; must return quickly
	 */
	RelayJournal(EventLog log, ClaimedRelay claim, BooleanSupplier over, Runnable onLost) {
		this.log = log;
		this.claim = claim;
		this.over = over;
		this.onLost = onLost;
	}

	/**
	 * Appends an event. Waits while too many appends are in flight.
	 * @param payload the text of a JSON object
	 * @throws InterruptedException if the relay is being stopped
	 */
	void append(String payload) throws InterruptedException {
		CompletableFuture<?> stored = append(payload, null);
		stored.whenComplete((result, failure) -> {
			if (failure == null || this.over.getAsBoolean()) {
				return;
			}
			Throwable cause = (failure instanceof CompletionException && failure.getCause() != null)
					? failure.getCause() : failure;
			if (cause instanceof IllegalArgumentException || cause instanceof PayloadCodecException) {
				LogContext.run(this.claim.sessionId(), null,
						() -> logger.warn("Dropped an event of relay '%s' for session %s that could not be stored: %s"
							.formatted(this.claim.key().name(), this.claim.sessionId(), cause.getClass().getName())));
				return;
			}
			this.onLost.run();
		});
	}

	/**
	 * Appends the event that ends the relay.
	 * @param payload the text of a JSON object
	 * @param end the state at the end
	 * @return completes with whether the event was stored; false if there is a newer
	 * client message, or another node has claimed the relay
	 * @throws InterruptedException if the relay is being stopped
	 */
	CompletableFuture<Boolean> end(String payload, RelayEnd end) throws InterruptedException {
		return append(payload, end).handle((result, failure) -> {
			if (failure != null && !(failure instanceof FencedException)
					&& !(failure.getCause() instanceof FencedException)) {
				this.onLost.run();
			}
			return failure == null;
		});
	}

	/**
	 * Returns a future that completes when all appends so far have succeeded or failed.
	 * @return the future; it may fail
	 */
	CompletableFuture<?> last() {
		return this.last;
	}

	private CompletableFuture<?> append(String payload, @Nullable RelayEnd end) throws InterruptedException {
		int size = Math.min(ROOM, Math.max(MIN_SIZE, payload.length()));
		while (!this.room.tryAcquire(size, CHECK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
			if (this.over.getAsBoolean()) {
				throw new InterruptedException("The relay is over");
			}
		}
		CompletableFuture<?> stored;
		try {
			Text text = new Text(payload, encode(payload));
			stored = store(new RelayEvent(this.claim.sessionId(), this.claim.key().name(), this.claim.fence(),
					RelayType.of(this.claim.key().name()), end, new LateBound(() -> text)));
		}
		catch (PayloadCodecException ex) {
			stored = CompletableFuture.failedFuture(ex);
		}
		catch (Throwable ex) {
			this.room.release(size);
			throw ex;
		}
		stored.whenComplete((result, failure) -> this.room.release(size));
		return stored;
	}

	private synchronized CompletableFuture<?> store(RelayEvent event) {
		CompletableFuture<?> stored = this.log.append(event);
		this.last = stored;
		return stored;
	}

	/**
	 * Retries while the codec is unavailable, as for Postgres.
	 */
	private String encode(String payload) throws InterruptedException {
		while (true) {
			try {
				return this.log.payloads()
					.encode(this.claim.sessionId(), RelayType.of(this.claim.key().name()), payload, null);
			}
			catch (EventLogUnavailableException ex) {
				LockSupport.parkNanos(CHECK_INTERVAL.toNanos());
				if (Thread.interrupted() || this.over.getAsBoolean()) {
					throw new InterruptedException("The relay is over");
				}
			}
		}
	}

}
