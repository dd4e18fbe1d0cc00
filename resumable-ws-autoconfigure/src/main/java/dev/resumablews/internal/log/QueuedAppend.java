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
 * A request that waits to be stored. Its result may be completed by any thread, once;
 * everything else is done by the thread that writes it.
 */
public final class QueuedAppend {

	private static final Log logger = LogFactory.getLog(QueuedAppend.class);

	private final AppendRequest request;

	private final Consumer<AppendResult> onStored;

	private final long deadline;

	private final CompletableFuture<AppendResult> result = new CompletableFuture<>();

	private @Nullable Text payload;

	/**
	 * Creates an append that is refused by nothing but the log.
	 * @param request what to store
	 * @param deadline the time, by {@link System#nanoTime()}, at which it is refused,
	 * unless its payload is bound late
	 */
	public QueuedAppend(AppendRequest request, long deadline) {
		this(request, (stored) -> {
		}, deadline);
	}

	/**
	 * Creates an append.
	 * @param request what to store
	 * @param onStored runs when it was stored and is no duplicate
	 * @param deadline the time, by {@link System#nanoTime()}, at which it is refused,
	 * unless its payload is bound late
	 */
	QueuedAppend(AppendRequest request, Consumer<AppendResult> onStored, long deadline) {
		this.request = request;
		this.onStored = onStored;
		this.deadline = deadline;
		this.payload = (request.payload() instanceof Text text) ? text : null;
	}

	/**
	 * Returns the request.
	 * @return what to store
	 */
	public AppendRequest request() {
		return this.request;
	}

	/**
	 * Returns the payload.
	 * @return the text of a JSON object
	 * @throws IllegalStateException if it is bound late and not settled
	 */
	public String payload() {
		return settled().json();
	}

	/**
	 * Returns what is stored of the payload: the same, or its encoded form.
	 * @return the text of a JSON object
	 * @throws IllegalStateException if it is bound late and not settled
	 */
	public String stored() {
		return settled().stored();
	}

	/**
	 * Returns the entry that the session's feed gets.
	 * @param stored what the append has become
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
	 * Returns the message that an event is part of. Of a message that is forwarded to an
	 * upstream that is its key: it tells the message from what the upstream sends.
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
	 * Whether a later event may replace this one.
	 */
	boolean isDelta() {
		return this.request instanceof ReplyEvent event && event.role() == Role.DELTA;
	}

	boolean isLateBound() {
		return this.request.isLateBound();
	}

	boolean isSettled() {
		return this.payload != null;
	}

	/**
	 * Completes the append: it is durable, whatever was said of it before. Nothing that
	 * is thrown by what follows it reaches the caller.
	 */
	void complete(AppendResult appended) {
		if (!appended.duplicate()) {
			try {
				this.onStored.accept(appended);
			}
			catch (Throwable ex) {
				logger.error("The follow-up of event %d of session %s failed".formatted(appended.eventId(),
						this.request.sessionId()), ex);
			}
		}
		this.result.complete(appended);
	}

	/**
	 * Settles the payload and returns whether there is something to store.
	 */
	boolean settle() {
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

	private Text settled() {
		Text settled = this.payload;
		if (settled == null) {
			throw new IllegalStateException("The payload is not settled yet");
		}
		return settled;
	}

	/**
	 * Length of the payload while it waits; 0 for one that is bound late, whose length
	 * its producer bounds.
	 */
	int waitingLength() {
		Text known = this.payload;
		return (isLateBound() || known == null) ? 0 : known.length();
	}

	/**
	 * When it is refused, unless its payload is bound late.
	 */
	long deadline() {
		return this.deadline;
	}

	boolean expired(long now) {
		return nanosLeft(now) == 0;
	}

	/**
	 * Returns how long it may still wait, in nanoseconds.
	 */
	long nanosLeft(long now) {
		return isLateBound() ? Long.MAX_VALUE : Math.max(0, this.deadline - now);
	}

}
