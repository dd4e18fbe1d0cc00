package dev.resumablews.internal.log;

import java.util.UUID;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * An event that is to be stored.
 *
 * @param sessionId the session to store it in
 * @param userId the user the session must belong to; null when that was not asked for by
 * a client
 * @param type its type
 * @param payload gives the text of a JSON object. It is called once, on the thread that
 * writes the log and at the last moment, so that a reply can say all that has come in
 * until then; it must be fast. When it gives null, nothing is stored
 * @param messageId the reply it is a part of
 * @param idempotencyKey key under which it is stored once at most
 * @param reply what it means for a reply
 * @param patient whether it waits for as long as it takes, instead of being refused when
 * the log is full or slow. For those who bound what they append themselves
 */
public record AppendRequest(UUID sessionId, @Nullable String userId, String type, Supplier<@Nullable String> payload,
		@Nullable UUID messageId, @Nullable UUID idempotencyKey, @Nullable ReplyStep reply, boolean patient) {

	/**
	 * Creates a draft of an event that is refused when the log is full or slow.
	 * @param sessionId the session to store it in
	 * @param type its type
	 * @param payload the text of a JSON object
	 * @return the draft
	 */
	public static AppendRequest of(UUID sessionId, String type, String payload) {
		return new AppendRequest(sessionId, null, type, () -> payload, null, null, null, false);
	}

	/**
	 * Returns this draft with a key under which it is stored once at most.
	 * @param userId the user the session must belong to
	 * @param idempotencyKey the key
	 * @return the draft
	 */
	public AppendRequest once(String userId, UUID idempotencyKey) {
		return new AppendRequest(this.sessionId, userId, this.type, this.payload, this.messageId, idempotencyKey,
				this.reply, this.patient);
	}

	/**
	 * Returns this draft as one that asks for a reply, which then waits to be claimed.
	 * @return the draft
	 */
	public AppendRequest askingForReply() {
		return new AppendRequest(this.sessionId, this.userId, this.type, this.payload, this.messageId,
				this.idempotencyKey, ReplyStep.ASKED, this.patient);
	}

	/**
	 * Whether another event may stand in for this one.
	 */
	public boolean isDelta() {
		return this.type.equals("assistant_delta");
	}

}
