package dev.resumablews.internal.reply;

import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * Request of a node to claim replies.
 *
 * @param stored replies to messages that this node has just stored
 * @param sessions sessions in which a reply has just ended, so that the next one may
 * start
 * @param look whether to search for replies of any session whose lease has expired
 * @param held replies that this node runs, which are not claimed again
 * @param room maximum number of claims. Cancelled replies do not count
 * @param oneAtATime whether a reply waits for the end of the replies to all earlier
 * messages of its session
 * @param limits limits for waiting and running replies
 */
public record ClaimRequest(Collection<ReplyKey> stored, Collection<UUID> sessions, boolean look,
		Collection<ReplyKey> held, int room, boolean oneAtATime, ReplyLimits limits) {

	/**
	 * Creates a request of a node that runs no replies, for the next replies of sessions.
	 * @param room maximum number of claims
	 * @param sessions the sessions
	 * @return the request
	 */
	public static ClaimRequest ofSessions(int room, UUID... sessions) {
		return new ClaimRequest(List.of(), List.of(sessions), false, List.of(), room, true, ReplyLimits.NONE);
	}

	/**
	 * Creates a request of a node that runs no replies, for replies whose lease has
	 * expired.
	 * @param room maximum number of claims
	 * @return the request
	 */
	public static ClaimRequest lapsed(int room) {
		return new ClaimRequest(List.of(), List.of(), true, List.of(), room, true, ReplyLimits.NONE);
	}

}
