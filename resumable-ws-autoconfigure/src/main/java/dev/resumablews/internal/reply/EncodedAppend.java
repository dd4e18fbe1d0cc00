package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.log.AppendRequest.LateBound;
import dev.resumablews.internal.log.AppendRequest.ReplyEvent;
import dev.resumablews.internal.log.AppendRequest.Text;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Encodes an event of a reply and appends it. Retries while the codec is unavailable, in
 * the same way as replies wait while Postgres is unavailable.
 */
final class EncodedAppend implements Runnable {

	private static final Log logger = LogFactory.getLog(EncodedAppend.class);

	private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);

	private final EventLog log;

	private final ReplyEvent event;

	private final CompletableFuture<AppendResult> result = new CompletableFuture<>();

	/**
	 * Creates an append.
	 * @param event the event, whose payload is late-bound
	 */
	EncodedAppend(EventLog log, ReplyEvent event) {
		this.log = log;
		this.event = event;
	}

	/**
	 * Returns the result of the append.
	 * @return as for {@link EventLog#append}
	 */
	CompletableFuture<AppendResult> result() {
		return this.result;
	}

	@Override
	public void run() {
		try {
			Text plain = ((LateBound) this.event.payload()).text().get();
			if (plain == null) {
				this.result.cancel(false);
				return;
			}
			Text text = new Text(plain.json(), encode(plain.json()));
			this.log.append(this.event.with(new LateBound(() -> text))).whenComplete(this::complete);
		}
		catch (InterruptedException ex) {
			refuse("This node has stopped", ex);
		}
		catch (Throwable ex) {
			this.result.completeExceptionally(ex);
		}
	}

	/**
	 * Rejects the append.
	 */
	void refuse(String why, Throwable cause) {
		this.result.completeExceptionally(new EventLogUnavailableException(why, cause));
	}

	/**
	 * Encodes the payload. The event that a reply answers stays readable in {@code
	 * assistant_started}, because statements find attempts by it.
	 */
	private String encode(String json) throws InterruptedException {
		Long inReplyTo = this.event.type().equals(ReplyEvents.STARTED) ? this.event.inReplyTo() : null;
		while (true) {
			try {
				return this.log.payloads().encode(this.event.sessionId(), this.event.type(), json, inReplyTo);
			}
			catch (EventLogUnavailableException ex) {
				logger.debug("An event of reply " + this.event.messageId() + " cannot be encoded yet", ex);
				LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
				if (Thread.interrupted()) {
					throw new InterruptedException();
				}
			}
		}
	}

	private void complete(@Nullable AppendResult stored, @Nullable Throwable failure) {
		if (failure != null) {
			this.result.completeExceptionally(failure);
		}
		else {
			this.result.complete(Objects.requireNonNull(stored));
		}
	}

}
