package dev.resumablews;

import java.util.List;
import java.util.UUID;

/**
 * What a {@link ReplyGenerator} is asked to answer. Immutable.
 *
 * @param sessionId the session
 * @param userId the user the session belongs to
 * @param messageId id of the reply, the {@code message_id} of its events
 * @param inReplyTo event id of the user message to answer
 * @param conversation the conversation so far, oldest first; its last message is the one
 * to answer
 */
public record ReplyRequest(UUID sessionId, String userId, UUID messageId, long inReplyTo,
		List<ConversationMessage> conversation) {

	public ReplyRequest {
		conversation = List.copyOf(conversation);
	}

}
