package dev.resumablews;

/**
 * Tells whether users who are connected may stay so, because a token is only looked at
 * when a client connects. Define a bean of it; every
 * {@code resumable-ws.auth.revalidation-interval} each node asks it about each user who
 * has a connection to it, once for all of the user's connections. To end connections at
 * once, use {@link ResumableSessions#disconnect(String)}.
 * <p>
 * Is called by up to four threads at a time that the library has for this. A call that
 * takes longer than 10 seconds is interrupted.
 */
@FunctionalInterface
public interface UserValidator {

	/**
	 * Returns whether a user is still valid. When this throws, nothing is known, and the
	 * connections stay.
	 * @param userId the user
	 * @return false to close the user's connections to this node with
	 * {@link CloseCode#UNAUTHORIZED}
	 * @throws Exception if that cannot be told now
	 */
	boolean isValid(String userId) throws Exception;

}
