package dev.resumablews;

import org.jspecify.annotations.Nullable;

/**
 * A security-relevant event, such as a rejected handshake: the user, the address and the
 * reason. Contains no token and no client input.
 *
 * @param kind the kind of event
 * @param userId the user; null if unknown or unverified
 * @param remoteAddress the remote address reported by the container. Behind a proxy this
 * is the proxy's address, unless the container is configured to use forwarded headers;
 * null if unknown
 * @param reason the reason, one of a fixed set of values that is suitable as a meter tag,
 * such as {@code origin}, {@code token} or the name of a limit
 */
public record SecurityEvent(Kind kind, @Nullable String userId, @Nullable String remoteAddress, String reason) {

	/**
	 * The kind of event.
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
		 * A client exceeded a limit. Its request was rejected, or its connection was
		 * closed.
		 */
		LIMIT_EXCEEDED,

		/**
		 * A connection was closed because the client violated the protocol.
		 */
		PROTOCOL_VIOLATED,

		/**
		 * A user was disconnected by the application ({@code disconnected}), because the
		 * login is no longer valid ({@code invalid}), or because its HTTP session ended
		 * ({@code logged_out}). Reported once per user by each node that closed
		 * connections.
		 */
		DISCONNECTED,

		/**
		 * Data of a user was erased: all data ({@code user}) or one {@code session}.
		 */
		ERASED

	}

}
