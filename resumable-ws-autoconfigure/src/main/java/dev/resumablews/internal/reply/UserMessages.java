package dev.resumablews.internal.reply;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.budget.Rate;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.observation.Observations;

/**
 * Stores user messages, each together with the row of its reply, so that no reply is
 * lost. Rejects messages while this node is stopping or too many replies are waiting.
 * Safe for use by many threads.
 */
public final class UserMessages {

	private final EventLog log;

	private final ReplyScheduler replies;

	private final UserBudgets budgets;

	private final Observations observations;

	/**
	 * Creates the store for user messages.
	 * @param log stores messages
	 * @param replies answers messages
	 * @param budgets limits the number of replies of each user
	 * @param observations provides the trace that a reply continues
	 */
	UserMessages(EventLog log, ReplyScheduler replies, UserBudgets budgets, Observations observations) {
		this.log = log;
		this.replies = replies;
		this.budgets = budgets;
		this.observations = observations;
	}

	/**
	 * Returns whether storing a message calls application code, which may block.
	 * @return whether {@code submit} may block
	 */
	public boolean mayBlock() {
		return this.log.payloads().encodes();
	}

	/**
	 * Stores a user message once for each idempotency key. It is answered, or handled by
	 * the application, on any node when it is its turn. Does not block, unless
	 * {@link #mayBlock()} returns true.
	 * @param sessionId the session
	 * @param userId the user who must own the session
	 * @param content the user's text
	 * @param idempotencyKey the message's key
	 * @return a future that completes when the message is durable; fails like
	 * {@link EventLog#append(AppendRequest)}, and with
	 * {@link EventLogUnavailableException} if this node is stopping, too many replies are
	 * waiting, or the user has exceeded a limit
	 */
	public CompletableFuture<AppendResult> submit(UUID sessionId, String userId, String content, UUID idempotencyKey) {
		if (!this.replies.accepts()) {
			return CompletableFuture.failedFuture(new EventLogUnavailableException("The server is stopping"));
		}
		AppendRequest.Message message = AppendRequest
			.of(sessionId, ReplyEvents.USER_MESSAGE, ReplyEvents.userMessage(content, idempotencyKey))
			.once(userId, idempotencyKey);
		if (!this.replies.answers()) {
			return this.log.append(message);
		}
		if (this.replies.generates() && !this.budgets.of(userId).tryConsume(Rate.REPLIES, 1)) {
			return CompletableFuture.failedFuture(new BudgetExceededException(Rate.REPLIES.reason()));
		}
		String refusal = this.replies.refuses(userId);
		if (refusal != null) {
			return CompletableFuture.failedFuture(new BudgetExceededException(refusal));
		}
		return this.log.append(message.askingForReply(this.observations.currentTrace()),
				(stored) -> this.replies.stored(new ReplyKey(sessionId, stored.eventId())));
	}

}
