package dev.resumablews;

import org.jspecify.annotations.Nullable;

/**
 * Something that whoever guards the service may want to know: who was refused, from
 * where, and why. Holds nothing that the client has sent, and no token.
 *
 * @param kind what has happened
 * @param userId the user; null if not known, or not verified
 * @param remoteAddress the address of the other end of the connection, as the container
 * tells it: behind a proxy, that of the proxy unless the container is told to look at
 * forwarded headers; null if not known
 * @param reason why, one of a fixed set of words that can be a tag of a meter, such as
 * {@code origin}, {@code token} or the name of a limit
 */
public record SecurityEvent(Kind kind, @Nullable String userId, @Nullable String remoteAddress, String reason) {

	/**
	 * What has happened.
	 */
	public enum Kind {

		/**
		 * A handshake was refused.
		 */
		HANDSHAKE_REFUSED,

		/**
		 * A token that a client sent on an open connection was refused.
		 */
		TOKEN_REFUSED,

		/**
		 * A client has sent or asked for more than it may. What it sent was refused, or
		 * its connection was closed.
		 */
		LIMIT_EXCEEDED,

		/**
		 * A client was closed for what it sent.
		 */
		PROTOCOL_VIOLATED,

		/**
		 * A user was disconnected, by the application, because the login is not valid any
		 * more, or because its HTTP session has ended: {@code disconnected},
		 * {@code invalid} or {@code logged_out}. Reported by each node that has closed
		 * connections, once for each user.
		 */
		DISCONNECTED,

		/**
		 * Data of a user was erased: all of it ({@code user}) or a {@code session}.
		 */
		ERASED

	}

}
