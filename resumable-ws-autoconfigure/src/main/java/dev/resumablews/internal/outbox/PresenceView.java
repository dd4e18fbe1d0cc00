package dev.resumablews.internal.outbox;

import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.internal.protocol.ServerMessage.Presence;
import dev.resumablews.internal.protocol.ServerMessage.Presence.Member;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a session, as one of its clients knows them. What changes while the
 * client reads nothing becomes one message, so nothing has to wait for it, and no message
 * contradicts the one before.
 */
public final class PresenceView {

	/**
	 * The user of each connection that is there now. Replaced by {@code SessionPresence}.
	 */
	private volatile @Nullable Map<UUID, String> present;

	/**
	 * What the client was sent, null before the first message. The same map as the one
	 * above while there is nothing to send, so that few calls have to compare them. Used
	 * by the connection's loop.
	 */
	private @Nullable Map<UUID, String> told;

	/**
	 * Notes which connections there are.
	 * @param present the user of each connection; not changed afterwards
	 */
	public void show(Map<UUID, String> present) {
		this.present = present;
	}

	/**
	 * Returns what the client is to be sent. Called by the connection's loop.
	 * @return the message; null if the client knows everything
	 */
	@Nullable Presence take() {
		Map<UUID, String> now = this.present;
		Map<UUID, String> before = this.told;
		if (now == null || now == before) {
			return null;
		}
		this.told = now;
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
