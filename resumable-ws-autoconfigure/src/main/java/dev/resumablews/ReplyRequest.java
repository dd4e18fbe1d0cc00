package dev.resumablews;

import java.util.List;
import java.util.UUID;

/**
 * Request for a {@link ReplyGenerator}. Immutable.
 *
 * @param sessionId the session
 * @param userId the owner of the session. Only the id is available, since a reply may run
 * on another node and outlive the user's login
 * @param messageId the id of this attempt, which is the {@code message_id} of its events
 * @param inReplyTo the event id of the user message to answer
 * @param conversation the conversation, oldest message first, up to and including the
 * message to answer
 */
public record ReplyRequest(UUID sessionId, String userId, UUID messageId, long inReplyTo,
		List<ConversationMessage> conversation) {

	public ReplyRequest {
		conversation = List.copyOf(conversation);
	}

}
