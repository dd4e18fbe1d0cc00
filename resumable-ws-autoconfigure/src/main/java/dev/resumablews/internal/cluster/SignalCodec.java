package dev.resumablews.internal.cluster;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.internal.node.NodeNotification;
import org.jspecify.annotations.Nullable;

/**
 * Wire format of a signal: {@code n <node> <session> <session> ...} when sessions have
 * new events, {@code p <node> <session> <session> ...} when connections of sessions were
 * opened or closed, {@code r <node>} when there may be replies to claim or to cancel,
 * {@code d <node>} when users were disconnected, {@code l <node>} when there are relays
 * to claim. Ids are 22 characters of base64.
 *
 * @param node the sending node
 * @param sessionIds the sessions with new events
 * @param connected the sessions whose connections changed
 * @param notifications the announced kinds of work
 */
record SignalCodec(UUID node, Set<UUID> sessionIds, Set<UUID> connected, Set<NodeNotification> notifications) {

	/**
	 * Postgres accepts less than 8,000 bytes.
	 */
	static final int MAX_BYTES = 7999;

	private static final String EVENTS = "n ";

	private static final String CONNECTED = "p ";

	private static final Map<NodeNotification, String> PREFIXES = Map.of(NodeNotification.REPLIES, "r ",
			NodeNotification.DISCONNECTS, "d ", NodeNotification.RELAYS, "l ");

	private static final int ID_LENGTH = 22;

	private static final int IDS_PER_TEXT = (MAX_BYTES - EVENTS.length() - ID_LENGTH) / (1 + ID_LENGTH);

	/**
	 * Encodes signals with as few messages as possible.
	 */
	static List<String> write(UUID node, Collection<UUID> sessionIds, Collection<UUID> connected,
			Set<NodeNotification> notifications) {
		List<String> texts = new ArrayList<>();
		write(EVENTS, node, sessionIds, texts);
		write(CONNECTED, node, connected, texts);
		notifications.forEach((notification) -> texts.add(PREFIXES.get(notification) + encode(node)));
		return texts;
	}

	private static void write(String prefix, UUID node, Collection<UUID> sessionIds, List<String> texts) {
		StringBuilder text = new StringBuilder();
		int ids = 0;
		for (UUID sessionId : sessionIds) {
			if (ids == 0) {
				text.append(prefix).append(encode(node));
			}
			text.append(' ').append(encode(sessionId));
			if (++ids == IDS_PER_TEXT) {
				texts.add(text.toString());
				text.setLength(0);
				ids = 0;
			}
		}
		if (ids > 0) {
			texts.add(text.toString());
		}
	}

	/**
	 * Decodes a signal.
	 * @return the signal, or null if the message is not one, because others may use the
	 * channel too
	 */
	static @Nullable SignalCodec read(String text) {
		Set<NodeNotification> notifications = EnumSet.noneOf(NodeNotification.class);
		PREFIXES.forEach((notification, prefix) -> {
			if (text.startsWith(prefix)) {
				notifications.add(notification);
			}
		});
		boolean events = text.startsWith(EVENTS);
		if (notifications.isEmpty() && !events && !text.startsWith(CONNECTED)) {
			return null;
		}
		try {
			String[] ids = text.split(" ");
			Set<UUID> sessionIds = new LinkedHashSet<>();
			for (int i = 2; i < ids.length; i++) {
				sessionIds.add(decode(ids[i]));
			}
			return new SignalCodec(decode(ids[1]), events ? sessionIds : Set.of(), events ? Set.of() : sessionIds,
					notifications);
		}
		catch (IllegalArgumentException | IndexOutOfBoundsException ex) {
			return null;
		}
	}

	static String encode(UUID id) {
		byte[] bytes = ByteBuffer.allocate(Long.BYTES * 2)
			.putLong(id.getMostSignificantBits())
			.putLong(id.getLeastSignificantBits())
			.array();
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}

	static UUID decode(String text) {
		byte[] bytes = Base64.getUrlDecoder().decode(text);
		if (bytes.length != Long.BYTES * 2) {
			throw new IllegalArgumentException("Not an id: " + text);
		}
		ByteBuffer buffer = ByteBuffer.wrap(bytes);
		return new UUID(buffer.getLong(), buffer.getLong());
	}

}
