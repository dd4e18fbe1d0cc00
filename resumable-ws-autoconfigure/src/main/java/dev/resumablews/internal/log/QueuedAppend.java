package dev.resumablews.internal.log;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.feed.SessionFeed;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A draft that waits to be stored.
 */
public final class QueuedAppend implements AppendStatement.Entry {

	private static final Log logger = LogFactory.getLog(QueuedAppend.class);

	private final AppendRequest draft;

	private final Consumer<AppendResult> onStored;

	private final long deadline;

	private final CompletableFuture<AppendResult> result = new CompletableFuture<>();

	/**
	 * Settled by the appending thread, or for a patient draft by the lane's.
	 */
	private @Nullable String payload;

	public QueuedAppend(AppendRequest draft, long deadline) {
		this(draft, (stored) -> {
		}, deadline);
	}

	/**
	 * Creates a pending append.
	 * @param draft what to store
	 * @param onStored is told when it was stored and is no duplicate
	 * @param deadline the time, by {@link System#nanoTime()}, at which it is refused if
	 * it is not patient
	 */
	public QueuedAppend(AppendRequest draft, Consumer<AppendResult> onStored, long deadline) {
		this.draft = draft;
		this.onStored = onStored;
		this.deadline = deadline;
		this.payload = draft.patient() ? null : draft.payload().get();
	}

	@Override
	public AppendRequest draft() {
		return this.draft;
	}

	@Override
	public String payload() {
		String settled = this.payload;
		if (settled == null) {
			throw new IllegalStateException("The payload is not settled yet");
		}
		return settled;
	}

	public CompletableFuture<AppendResult> result() {
		return this.result;
	}

	/**
	 * Notes that it is durable, whatever was said of it before.
	 */
	public void stored(AppendResult appended) {
		if (appended.duplicate()) {
			return;
		}
		try {
			this.onStored.accept(appended);
		}
		catch (RuntimeException ex) {
			logger.warn("What was to follow event %d of session %s has failed".formatted(appended.eventId(),
					this.draft.sessionId()), ex);
		}
	}

	/**
	 * Settles the payload and tells whether there is something to store.
	 */
	public boolean settle() {
		if (this.result.isDone()) {
			return false;
		}
		if (this.payload == null) {
			try {
				this.payload = this.draft.payload().get();
			}
			catch (RuntimeException | Error ex) {
				// the lane's only thread has to go on
				this.result.completeExceptionally(ex);
				return false;
			}
		}
		if (this.payload == null) {
			this.result.cancel(false);
		}
		return this.payload != null;
	}

	/**
	 * Length of the payload while it waits; 0 for a patient draft, whose length is
	 * bounded by whoever appends it.
	 */
	public int waitingLength() {
		return (this.draft.patient() || this.payload == null) ? 0 : this.payload.length();
	}

	public boolean expired(long now) {
		return !this.draft.patient() && now - this.deadline >= 0;
	}

	/**
	 * Returns the entry that the session's feed gets.
	 * @param stored what the append has become
	 * @return the entry
	 */
	public SessionFeed.Recent toFeedEntry(AppendResult stored) {
		ReplyStep step = this.draft.reply();
		return new SessionFeed.Recent(new SessionEvent(this.draft.sessionId(), stored.eventId(), this.draft.type(),
				payload(), stored.createdAt()), this.draft.messageId(), (step != null) ? step.replaces() : null);
	}

}
