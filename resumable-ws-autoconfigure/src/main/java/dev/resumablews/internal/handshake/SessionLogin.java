package dev.resumablews.internal.handshake;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

import dev.resumablews.HandshakeAuthenticator;
import jakarta.servlet.http.HttpSession;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServletServerHttpRequest;

/**
 * Computes the id of a login by HTTP session. Stateless.
 */
public final class SessionLogin {

	private static final int ID_BYTES = 16;

	private SessionLogin() {
	}

	/**
	 * Returns whether an authenticator accepts logins by HTTP session and uses these ids.
	 * @param authenticator the authenticator; null if there is none
	 */
	public static boolean isUsedBy(@Nullable HandshakeAuthenticator authenticator) {
		return authenticator instanceof PrincipalAuthenticator;
	}

	/**
	 * Returns the id of the login of a session. It is a hash, because the session's own
	 * id is as sensitive as a password.
	 * @param sessionId the session's id
	 */
	public static String tokenId(String sessionId) {
		try {
			byte[] hash = MessageDigest.getInstance("SHA-256").digest(sessionId.getBytes(StandardCharsets.UTF_8));
			return "session-" + HexFormat.of().formatHex(hash, 0, ID_BYTES);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	/**
	 * Returns the id of the login that a request belongs to; null if it has no session.
	 */
	static @Nullable String tokenId(ServerHttpRequest request) {
		HttpSession session = (request instanceof ServletServerHttpRequest servlet)
				? servlet.getServletRequest().getSession(false) : null;
		return (session != null) ? tokenId(session.getId()) : null;
	}

}
