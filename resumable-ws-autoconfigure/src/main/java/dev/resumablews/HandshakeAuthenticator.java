package dev.resumablews;

import org.springframework.http.server.ServerHttpRequest;

/**
 * Says who a client is. Define a bean of it to replace the one that verifies a JWT, or
 * that takes the user who is logged in. Called by many threads at once; must not look at
 * the event log.
 * <p>
 * Where Spring Security is, {@link ServerHttpRequest#getPrincipal()} is the user who is
 * logged in by an HTTP session or a remember-me cookie, or null. Other ways to log in,
 * and the application's rules, apply only if
 * {@code resumable-ws.auth.permit-with-spring-security} is {@code false}.
 * <p>
 * An exception other than {@link HandshakeAuthenticationException} means that it cannot
 * be told now who the client is. Its class is logged; its message, which may hold what
 * the client has sent, is logged at DEBUG only.
 */
public interface HandshakeAuthenticator {

	/**
	 * Authenticates the request that asks for a WebSocket.
	 * <p>
	 * If {@code message} is one of {@code resumable-ws.auth.token-sources}, a request
	 * that is not authentic and has no token in the other sources opens the WebSocket
	 * nevertheless. This method is called again for the client's first message, on a
	 * thread that may block for 15 seconds and is interrupted then. The request is a copy
	 * of the first one without its cookies and its body, and has the token of the message
	 * in an {@code Authorization: Bearer} header. An exception then closes the WebSocket
	 * with {@link CloseCode#UNAUTHORIZED}.
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
