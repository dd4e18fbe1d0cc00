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
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.FencedException;
import dev.resumablews.internal.observation.LogContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Appends the events of one relay in their order. Many may be on their way at the same
 * time, within bounds; who adds one more waits, for as long as Postgres takes. Safe for
 * use by many threads, which append in the order in which they call.
 */
final class RelayJournal {

	private static final Log logger = LogFactory.getLog(RelayJournal.class);

	/**
	 * What may be on its way, in units of characters. An event takes some at least, so
	 * that their number is bounded too.
	 */
	private static final int ROOM = 1024 * 1024;

	private static final int LEAST = ROOM / 256;

	private static final Duration LOOK_INTERVAL = Duration.ofMillis(250);

	private final EventLog log;

	private final ClaimedRelay claim;

	private final BooleanSupplier over;

	private final Runnable onLost;

	private final Semaphore room = new Semaphore(ROOM, true);

	private volatile CompletableFuture<@Nullable AppendResult> last = CompletableFuture.completedFuture(null);

	/**
	 * Creates a journal.
	 * @param over returns whether nothing more is to be stored
	 * @param onLost is run when an event could not be stored, because another node has
	 * claimed the relay for example; must be fast
	 */
	RelayJournal(EventLog log, ClaimedRelay claim, BooleanSupplier over, Runnable onLost) {
		this.log = log;
		this.claim = claim;
		this.over = over;
		this.onLost = onLost;
	}

	/**
	 * Appends an event. Waits while too much is on its way.
	 * @param payload the text of a JSON object
	 * @throws InterruptedException if the relay is being stopped
	 */
	void append(String payload) throws InterruptedException {
		CompletableFuture<AppendResult> stored = append(payload, null);
		stored.whenComplete((result, failure) -> {
			if (failure == null || this.over.getAsBoolean()) {
				return;
			}
			Throwable cause = (failure instanceof CompletionException && failure.getCause() != null)
					? failure.getCause() : failure;
			if (cause instanceof IllegalArgumentException || cause instanceof PayloadCodecException) {
				LogContext.run(this.claim.sessionId(), null,
						() -> logger.warn("An event of relay '%s' for session %s could not be stored and is dropped: %s"
							.formatted(this.claim.key().name(), this.claim.sessionId(), cause.getClass().getName())));
				return;
			}
			this.onLost.run();
		});
	}

	/**
	 * Appends the event that ends the relay.
	 * @param payload the text of a JSON object
	 * @param end how it ends
	 * @return whether it was stored, when that is known; false if a client has sent a
	 * newer message, or another node has claimed the relay
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
	 * Returns what completes when all that was appended so far is stored, or cannot be.
	 * @return the future; it may fail
	 */
	CompletableFuture<@Nullable AppendResult> last() {
		return this.last;
	}

	private CompletableFuture<AppendResult> append(String payload, @Nullable RelayEnd end) throws InterruptedException {
		int size = Math.min(ROOM, Math.max(LEAST, payload.length()));
		while (!this.room.tryAcquire(size, LOOK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
			if (this.over.getAsBoolean()) {
				throw new InterruptedException("The relay is over");
			}
		}
		CompletableFuture<AppendResult> stored;
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

	private synchronized CompletableFuture<AppendResult> store(RelayEvent event) {
		CompletableFuture<AppendResult> stored = this.log.append(event);
		this.last = stored;
		return stored;
	}

	/**
	 * Waits while the codec cannot encode, as for Postgres.
	 */
	private String encode(String payload) throws InterruptedException {
		while (true) {
			try {
				return this.log.payloads()
					.encode(this.claim.sessionId(), RelayType.of(this.claim.key().name()), payload, null);
			}
			catch (EventLogUnavailableException ex) {
				LockSupport.parkNanos(LOOK_INTERVAL.toNanos());
				if (Thread.interrupted() || this.over.getAsBoolean()) {
					throw new InterruptedException("The relay is over");
				}
			}
		}
	}

}
