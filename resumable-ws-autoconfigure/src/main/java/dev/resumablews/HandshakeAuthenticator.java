package dev.resumablews;

import org.springframework.http.server.ServerHttpRequest;

/**
 * Strategy that authenticates a client. Define a bean of this type to replace the
 * verification of JWTs or the login of Spring Security. Implementations must be
 * thread-safe and must not use the event log.
 * <p>
 * With Spring Security, {@link ServerHttpRequest#getPrincipal()} returns the user of the
 * HTTP session or remember-me cookie, or null. Other kinds of login and the application's
 * authorization rules apply only if {@code
 * resumable-ws.auth.permit-with-spring-security} is {@code false}.
 * <p>
 * Any exception other than {@link HandshakeAuthenticationException} means that
 * authentication is temporarily unavailable. Its class is logged. Its message may contain
 * client input and is logged at DEBUG only.
 */
public interface HandshakeAuthenticator {

	/**
	 * Authenticates the handshake request.
	 * <p>
	 * If {@code resumable-ws.auth.token-sources} contains {@code message}, an
	 * unauthenticated request without a token in the other sources still opens the
	 * WebSocket. This method is then called again for the client's first message, on a
	 * thread that may block and is interrupted after 15 seconds. That request is a copy
	 * of the first one without cookies and body, with the token of the message in an
	 * {@code Authorization: Bearer} header. An exception closes the WebSocket with
	 * {@link CloseCode#UNAUTHORIZED}.
	 * @param request the request
	 * @return the user
	 * @throws HandshakeAuthenticationException if the request is not authentic; the
	 * response has status 401
	 */
	AuthenticatedUser authenticate(ServerHttpRequest request) throws HandshakeAuthenticationException;

	/**
	 * Authenticates the token that a connected client sends to stay connected after its
	 * previous token expires.
	 * @param token the token
	 * @return the user
	 * @throws HandshakeAuthenticationException if the token is not authentic
	 */
	default AuthenticatedUser authenticate(String token) throws HandshakeAuthenticationException {
		throw new HandshakeAuthenticationException("This server accepts no token on an open connection");
	}

}
