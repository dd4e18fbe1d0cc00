package dev.resumablews.internal.relay;

import java.util.UUID;

/**
 * A relay that this node has just claimed.
 *
 * @param key its key
 * @param userId the user of its session
 * @param fence the fencing number
 * @param wantedId the newest client message
 * @param attemptedId the newest message that may have been sent
 * @param forwardedId the event up to which all messages have been forwarded
 * @param askedBytes total size of all messages
 * @param forwardedBytes total size of the forwarded messages
 */
record ClaimedRelay(RelayKey key, String userId, long fence, long wantedId, long attemptedId, long forwardedId,
		long askedBytes, long forwardedBytes) {

	UUID sessionId() {
		return this.key.sessionId();
	}

}
