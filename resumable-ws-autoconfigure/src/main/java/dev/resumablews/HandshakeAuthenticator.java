package dev.resumablews;

import org.springframework.http.server.ServerHttpRequest;

/**
 * Says who a client is. Define a bean of it to replace the one that verifies a JWT.
 * Called by many threads at once; must not look at the event log.
 */
public interface HandshakeAuthenticator {

	/**
	 * Authenticates the request that asks for a WebSocket.
	 * @param request the request
	 * @return the user
	 * @throws HandshakeAuthenticationException if the request is not authentic; it is
	 * then answered with status 401
	 */
	AuthenticatedUser authenticate(ServerHttpRequest request) throws HandshakeAuthenticationException;

	/**
	 * Authenticates the token that a connected client sends to go on after its first one
	 * expires.
	 * @param token the token
	 * @return the user
	 * @throws HandshakeAuthenticationException if the token is not authentic
	 */
	default AuthenticatedUser authenticate(String token) throws HandshakeAuthenticationException {
		throw new HandshakeAuthenticationException("This server takes no token on an open connection");
	}

}
