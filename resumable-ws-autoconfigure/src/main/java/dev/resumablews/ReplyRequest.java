package dev.resumablews;

import java.util.List;
import java.util.UUID;

/**
 * What a {@link ReplyGenerator} is asked to answer. Immutable.
 *
 * @param sessionId the session
 * @param userId the user the session belongs to. A reply may run after the user's login
 * has ended, and on another node, so no more is known
 * @param messageId id of this attempt at the reply, the {@code message_id} of its events
 * @param inReplyTo event id of the user message to answer
 * @param conversation the conversation up to the message to answer, which is the last
 * one; oldest first. What was stored after that message is not in it
 */
public record ReplyRequest(UUID sessionId, String userId, UUID messageId, long inReplyTo,
		List<ConversationMessage> conversation) {

	public ReplyRequest {
		conversation = List.copyOf(conversation);
	}

}
