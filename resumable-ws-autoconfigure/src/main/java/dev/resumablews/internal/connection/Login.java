package dev.resumablews.internal.connection;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.internal.presence.DisconnectKey;
import org.jspecify.annotations.Nullable;

/**
 * Who a connection belongs to, by the token that its client has sent last. Immutable.
 */
public final class Login {

	private final AuthenticatedUser user;

	private final long beganNanos;

	private final UUID userKey;

	private final @Nullable UUID tokenKey;

	/**
	 * Creates a login.
	 * @param user what the token says
	 * @param beganNanos when its verification began, or before, by
	 * {@link System#nanoTime()}
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
	 * Returns the key of the user, as of {@link DisconnectKey#ofUser(String)}.
	 */
	UUID userKey() {
		return this.userKey;
	}

	/**
	 * Returns whether it began before a time.
	 * @param nanos the time, by {@link System#nanoTime()}
	 */
	public boolean beganBefore(long nanos) {
		return this.beganNanos - nanos < 0;
	}

	/**
	 * Returns whether the user or the token was disconnected after this began.
	 * @param ends when whose logins have ended, by {@link System#nanoTime()}
	 */
	public boolean isEndedBy(Map<UUID, Long> ends) {
		return isEnded(ends.get(this.userKey)) || this.tokenKey != null && isEnded(ends.get(this.tokenKey));
	}

	private boolean isEnded(@Nullable Long end) {
		return end != null && beganBefore(end);
	}

}
