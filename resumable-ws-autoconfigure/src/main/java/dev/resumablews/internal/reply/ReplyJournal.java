package dev.resumablews.internal.reply;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.jspecify.annotations.Nullable;

/**
 * Appends the events of one reply to the log. Must be called without a lock, because the
 * log calls back. Safe for use by many threads.
 */
final class ReplyJournal {

	private final ClaimedReply claim;

	private final ReplyContext context;

	private final Runnable onLost;

	private final AtomicReference<@Nullable AppendResult> lastStored = new AtomicReference<>();

	/**
	 * Creates a journal.
	 * @param claim the reply
	 * @param context appends the events
	 * @param onLost called when a stored event is no longer in the log
	 */
	ReplyJournal(ClaimedReply claim, ReplyContext context, Runnable onLost) {
		this.claim = claim;
		this.context = context;
		this.onLost = onLost;
	}

	/**
	 * Appends {@code assistant_started}, which announces the reply and the attempt that
	 * it supersedes.
	 */
	CompletableFuture<AppendResult> started() {
		UUID previous = this.claim.previous();
		return append(ReplyEvents.STARTED,
				() -> ReplyEvents.started(this.claim.messageId(), this.claim.inReplyTo(), previous), false, previous);
	}

	/**
	 * Appends a delta.
	 * @param text returns the text when the delta is written, or null to drop the delta
	 */
	CompletableFuture<AppendResult> delta(Supplier<ReplyText.@Nullable Piece> text) {
		return append(ReplyEvents.DELTA, () -> {
			ReplyText.Piece piece = text.get();
			return (piece != null) ? ReplyEvents.delta(this.claim.messageId(), piece) : null;
		}, false, null);
	}

	/**
	 * Appends the complete reply, which replaces its deltas.
	 */
	CompletableFuture<AppendResult> message(ReplyState.Whole whole) {
		String payload = ReplyEvents.message(this.claim.messageId(), whole.content(), whole.finishReason(),
				whole.usage());
		return append(ReplyEvents.MESSAGE, () -> payload, true, this.claim.messageId());
	}

	CompletableFuture<AppendResult> failed(ReplyFailure failure) {
		return append(ReplyEvents.FAILED, () -> ReplyEvents.failed(this.claim.messageId(), failure), true, null);
	}

	private CompletableFuture<AppendResult> append(String type, Supplier<@Nullable String> payload, boolean ends,
			@Nullable UUID replaces) {
		CompletableFuture<AppendResult> append = this.context.append(this.claim, this.claim.messageId(), type, payload,
				ends, replaces);
		append.thenAccept(this::follow);
		return append;
	}

	private void follow(AppendResult appended) {
		AppendResult before = this.lastStored.getAndSet(appended);
		if (before != null && before.forks().sharedWith(appended.forks()) < before.eventId()) {
			this.onLost.run();
		}
	}

}
