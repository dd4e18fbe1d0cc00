package dev.resumablews.internal.reply;

import java.util.UUID;

/**
 * Identifies a reply.
 *
 * @param sessionId its session
 * @param inReplyTo event id of the user message that the reply answers
 */
public record ReplyKey(UUID sessionId, long inReplyTo) {

}
