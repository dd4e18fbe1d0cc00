package dev.resumablews.internal.relay;

import java.util.UUID;

/**
 * A relay that this node has just claimed.
 *
 * @param key what identifies it
 * @param userId the user its session belongs to
 * @param fence the number to write with
 * @param wantedId the newest message of a client
 * @param attemptedId the newest message that may have been sent
 * @param forwardedId the event up to which all messages have been forwarded
 * @param askedBytes size of all messages so far
 * @param forwardedBytes size of those that were forwarded
 */
record ClaimedRelay(RelayKey key, String userId, long fence, long wantedId, long attemptedId, long forwardedId,
		long askedBytes, long forwardedBytes) {

	UUID sessionId() {
		return this.key.sessionId();
	}

}
