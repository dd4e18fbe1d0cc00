package dev.resumablews.internal.log;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.feed.FeedEntry;
import dev.resumablews.internal.log.AppendRequest.LateBound;
import dev.resumablews.internal.log.AppendRequest.Message;
import dev.resumablews.internal.log.AppendRequest.ReplyEvent;
import dev.resumablews.internal.log.AppendRequest.Role;
import dev.resumablews.internal.log.AppendRequest.Text;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A queued request. Its result may be completed once by any thread; all other methods are
 * called by the writer's thread.
 */
public final class QueuedAppend {

	private static final Log logger = LogFactory.getLog(QueuedAppend.class);

	private final AppendRequest request;

	private final Consumer<AppendResult> onStored;

	private final long deadline;

	private final CompletableFuture<AppendResult> result = new CompletableFuture<>();

	private @Nullable Text payload;

	/**
	 * Creates an append without a callback.
	 * @param request the request
	 * @param deadline the time, by {@link System#nanoTime()}, at which it is rejected,
	 * unless its payload is late-bound
	 */
	public QueuedAppend(AppendRequest request, long deadline) {
		this(request, (stored) -> {
		}, deadline);
	}

	/**
	 * Creates an append.
	 * @param request the request
	 * @param onStored called if the event is stored and is no duplicate
	 * @param deadline the time, by {@link System#nanoTime()}, at which it is rejected,
	 * unless its payload is late-bound
	 */
	QueuedAppend(AppendRequest request, Consumer<AppendResult> onStored, long deadline) {
		this.request = request;
		this.onStored = onStored;
		this.deadline = deadline;
		this.payload = (request.payload() instanceof Text text) ? text : null;
	}

	/**
	 * Returns the request.
	 * @return the request
	 */
	public AppendRequest request() {
		return this.request;
	}

	/**
	 * Returns the payload.
	 * @return the text of a JSON object
	 * @throws IllegalStateException if it is late-bound and not resolved
	 */
	public String payload() {
		return resolved().json();
	}

	/**
	 * Returns the stored form of the payload, plain or encoded.
	 * @return the text of a JSON object
	 * @throws IllegalStateException if it is late-bound and not resolved
	 */
	public String stored() {
		return resolved().stored();
	}

	/**
	 * Returns the entry for the session's feed.
	 * @param stored the result of the append
	 * @return the entry
	 */
	public FeedEntry toFeedEntry(AppendResult stored) {
		ReplyEvent reply = (this.request instanceof ReplyEvent event) ? event : null;
		return new FeedEntry(
				new SessionEvent(this.request.sessionId(), stored.eventId(), this.request.type(), payload(),
						stored.createdAt()),
				messageId(this.request), (reply != null) ? reply.replaces() : null, stored.forks());
	}

	/**
	 * Returns the message id of an event. For a message that is forwarded to an upstream,
	 * this is its key, which distinguishes it from the upstream's events.
	 */
	static @Nullable UUID messageId(AppendRequest request) {
		if (request instanceof ReplyEvent event) {
			return event.messageId();
		}
		return (request instanceof Message message && message.relayed()) ? message.idempotencyKey() : null;
	}

	CompletableFuture<AppendResult> result() {
		return this.result;
	}

	UUID sessionId() {
		return this.request.sessionId();
	}

	/**
	 * Returns whether a later event may replace this one.
	 */
	boolean isDelta() {
		return this.request instanceof ReplyEvent event && event.role() == Role.DELTA;
	}

	boolean isLateBound() {
		return this.request.isLateBound();
	}

	boolean isResolved() {
		return this.payload != null;
	}

	/**
	 * Completes the append with the result, because the event is durable even if it was
	 * rejected before. Exceptions of callbacks do not reach the caller.
	 */
	void complete(AppendResult appended) {
		if (!appended.duplicate()) {
			try {
				this.onStored.accept(appended);
			}
			catch (Throwable ex) {
				logger.error("Callback for stored event %d of session %s failed".formatted(appended.eventId(),
						this.request.sessionId()), ex);
			}
		}
		this.result.complete(appended);
	}

	/**
	 * Resolves the payload and returns whether there is something to store.
	 */
	boolean resolve() {
		if (this.result.isDone()) {
			return false;
		}
		if (this.payload == null && this.request.payload() instanceof LateBound late) {
			try {
				this.payload = late.text().get();
			}
			catch (Throwable ex) {
				this.result.completeExceptionally(ex);
				return false;
			}
		}
		if (this.payload == null) {
			this.result.cancel(false);
		}
		return this.payload != null;
	}

	private Text resolved() {
		Text resolved = this.payload;
		if (resolved == null) {
			throw new IllegalStateException("The payload is not resolved yet");
		}
		return resolved;
	}

	/**
	 * Returns the length of the queued payload; 0 if it is late-bound, because its
	 * producer limits the length.
	 */
	int waitingLength() {
		Text known = this.payload;
		return (isLateBound() || known == null) ? 0 : known.length();
	}

	/**
	 * Returns the time at which the append is rejected, unless its payload is late-bound.
	 */
	long deadline() {
		return this.deadline;
	}

	boolean expired(long now) {
		return nanosLeft(now) == 0;
	}

	/**
	 * Returns the remaining time until the deadline, in nanoseconds.
	 */
	long nanosLeft(long now) {
		return isLateBound() ? Long.MAX_VALUE : Math.max(0, this.deadline - now);
	}

}
