package dev.resumablews;

/**
 * Strategy that checks whether connected users are still valid, since tokens are only
 * checked when a client connects. Define a bean of this type. Each node calls it once per
 * connected user every {@code resumable-ws.auth.revalidation-interval}. To end
 * connections immediately, use {@link ResumableSessions#disconnect(String)}.
 * <p>
 * Called by up to four library threads at a time. A call that takes longer than 10
 * seconds is interrupted.
 */
@FunctionalInterface
public interface UserValidator {

	/**
	 * Returns whether a user is still valid. If this method throws, the connections stay
	 * open.
	 * @param userId the user
	 * @return false to close the user's connections to this node with
	 * {@link CloseCode#UNAUTHORIZED}
	 * @throws Exception if the check is temporarily unavailable
	 */
	boolean isValid(String userId) throws Exception;

}
