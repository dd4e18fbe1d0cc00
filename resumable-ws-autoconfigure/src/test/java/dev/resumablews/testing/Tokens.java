package dev.resumablews.testing;

import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;

import dev.resumablews.test.client.TestTokens;

/**
 * Creates tokens that are signed with the secret of the tests.
 */
public final class Tokens {

	/**
	 * The secret of valid tokens, for {@code resumable-ws.auth.jwt.secret}.
	 */
	public static final String SECRET = "a secret of the tests, longer than 32 bytes";

	/**
	 * The issuer of valid tokens, for test clients.
	 */
	public static final TestTokens ISSUER = TestTokens.signedWith(SECRET);

	private Tokens() {
	}

	public static String forUser(String user) {
		return ISSUER.forUser(user);
	}

	public static String expiring(String user, Instant expiresAt) {
		return ISSUER.expiringAt(user, expiresAt);
	}

	public static String with(String user, Consumer<Map<String, Object>> claims) {
		return ISSUER.forUser(user, claims);
	}

	public static String forged(String user) {
		return ISSUER.forged(user);
	}

	public static String unsigned(String user) {
		return ISSUER.unsigned(user);
	}

}
