package dev.resumablews.internal.reply;

import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * Which replies a node wants to claim, and how many.
 *
 * @param stored replies to messages that this node has just stored
 * @param sessions sessions of which a reply has just ended, so that the next one may have
 * its turn
 * @param look whether to look for replies of any session whose lease has passed
 * @param held replies that this node runs, which are not to be claimed again
 * @param room how many to claim at most. Cancelled ones need no room
 * @param oneAtATime whether a reply waits until the replies to all earlier messages of
 * its session have ended
 * @param limits how many replies may wait and run
 */
public record ClaimRequest(Collection<ReplyKey> stored, Collection<UUID> sessions, boolean look,
		Collection<ReplyKey> held, int room, boolean oneAtATime, ReplyLimits limits) {

	/**
	 * Creates a request of a node that runs nothing, for the next replies of sessions.
	 * @param room how many to claim at most
	 * @param sessions the sessions
	 * @return the request
	 */
	public static ClaimRequest ofSessions(int room, UUID... sessions) {
		return new ClaimRequest(List.of(), List.of(sessions), false, List.of(), room, true, ReplyLimits.NONE);
	}

	/**
	 * Creates a request of a node that runs nothing, for replies whose lease has passed.
	 * @param room how many to claim at most
	 * @return the request
	 */
	public static ClaimRequest lapsed(int room) {
		return new ClaimRequest(List.of(), List.of(), true, List.of(), room, true, ReplyLimits.NONE);
	}

}
