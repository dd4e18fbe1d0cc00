package dev.resumablews.internal.outbox;

import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.internal.protocol.ServerMessage.Presence;
import dev.resumablews.internal.protocol.ServerMessage.Presence.Member;
import org.jspecify.annotations.Nullable;

/**
 * The presence of a session as known to one client. Changes made while the client does
 * not read are merged into one message, so nothing is queued and no message contradicts
 * the previous one.
 */
public final class PresenceView {

	/**
	 * Users by current connection. Replaced by {@code SessionPresence}.
	 */
	private volatile @Nullable Map<UUID, String> present;

	/**
	 * State last sent to the client; null before the first message. Identical to
	 * {@link #present} while there is nothing to send, which makes the common check
	 * cheap. Used by the connection's loop.
	 */
	private @Nullable Map<UUID, String> sent;

	/**
	 * Sets the current connections.
	 * @param present users by connection; not changed afterwards
	 */
	public void show(Map<UUID, String> present) {
		this.present = present;
	}

	/**
	 * Returns the next message for the client. Called by the connection's loop.
	 * @return the message; null if there is no change
	 */
	@Nullable Presence take() {
		Map<UUID, String> now = this.present;
		Map<UUID, String> before = this.sent;
		if (now == null || now == before) {
			return null;
		}
		this.sent = now;
		if (before == null) {
			return new Presence(true, missing(now, Map.of()), List.of());
		}
		return now.equals(before) ? null : new Presence(false, missing(now, before), missing(before, now));
	}

	private static List<Member> missing(Map<UUID, String> some, Map<UUID, String> others) {
		return some.entrySet()
			.stream()
			.filter((member) -> !others.containsKey(member.getKey()))
			.map((member) -> new Member(member.getKey(), member.getValue()))
			.toList();
	}

}
