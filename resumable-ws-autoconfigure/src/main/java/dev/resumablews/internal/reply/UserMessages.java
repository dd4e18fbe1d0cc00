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
 * forgotten. Refuses messages while this node is stopping or too many replies wait. Safe
 * for use by many threads.
 */
public final class UserMessages {

	private final EventLog log;

	private final ReplyScheduler replies;

	private final UserBudgets budgets;

	private final Observations observations;

	/**
	 * Creates the intake of a node.
	 * @param log where messages are stored
	 * @param replies answers them
	 * @param budgets how many messages of the users are answered
	 * @param observations gives the trace that a reply continues
	 */
	UserMessages(EventLog log, ReplyScheduler replies, UserBudgets budgets, Observations observations) {
		this.log = log;
		this.replies = replies;
		this.budgets = budgets;
		this.observations = observations;
	}

	/**
	 * Returns whether storing a message calls code of the application, which may take its
	 * time.
	 * @return whether {@code submit} may block
	 */
	public boolean mayBlock() {
		return this.log.payloads().encodes();
	}

	/**
	 * Stores a user message once for each key. It is answered, or handled by the
	 * application, on this node or another one when its turn has come. Does not block,
	 * unless it {@linkplain #mayBlock() may}.
	 * @param sessionId the session
	 * @param userId the user, to whom the session must belong
	 * @param content what the user said
	 * @param idempotencyKey the message's key
	 * @return completes when the message is durable; fails as
	 * {@link EventLog#append(AppendRequest)} does, and with
	 * {@link EventLogUnavailableException} when this node is stopping, too many replies
	 * wait, or the user asks for too many
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
