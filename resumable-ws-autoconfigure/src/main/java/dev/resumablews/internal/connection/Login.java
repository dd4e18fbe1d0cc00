package dev.resumablews.internal.connection;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.internal.presence.DisconnectKey;
import org.jspecify.annotations.Nullable;

/**
 * The identity of a connection's user, according to the token that the client sent last.
 * Immutable.
 */
public final class Login {

	private final AuthenticatedUser user;

	private final long beganNanos;

	private final UUID userKey;

	private final @Nullable UUID tokenKey;

	/**
	 * Creates a login.
	 * @param user the user of the token
	 * @param beganNanos {@link System#nanoTime()} at or before the start of the
	 * verification
	 */
	public Login(AuthenticatedUser user, long beganNanos) {
		String tokenId = user.tokenId();
		this.user = user;
		this.beganNanos = beganNanos;
		this.userKey = DisconnectKey.ofUser(user.userId());
		this.tokenKey = (tokenId != null) ? DisconnectKey.ofToken(tokenId) : null;
	}

	AuthenticatedUser user() {
		return this.user;
	}

	/**
	 * Returns the key of the user as given by {@link DisconnectKey#ofUser(String)}.
	 */
	UUID userKey() {
		return this.userKey;
	}

	/**
	 * Returns whether the login began before a time.
	 * @param nanos the time as a {@link System#nanoTime()}
	 */
	public boolean beganBefore(long nanos) {
		return this.beganNanos - nanos < 0;
	}

	/**
	 * Returns whether the user or the token was disconnected after the login began.
	 * @param ends the times at which logins ended, by key, as {@link System#nanoTime()}
	 */
	public boolean isEndedBy(Map<UUID, Long> ends) {
		return isEnded(ends.get(this.userKey)) || this.tokenKey != null && isEnded(ends.get(this.tokenKey));
	}

	private boolean isEnded(@Nullable Long end) {
		return end != null && beganBefore(end);
	}

}
