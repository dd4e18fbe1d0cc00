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

import dev.resumablews.internal.node.Bell;
import org.jspecify.annotations.Nullable;

/**
 * A signal as it is sent: {@code n <node> <session> <session> ...} when sessions have
 * news, {@code p <node> <session> <session> ...} when connections of sessions were opened
 * or closed, {@code r <node>} when there is something to do for replies, {@code d <node>}
 * when users were disconnected, {@code l <node>} when there are relays to claim. Ids are
 * 22 characters of base64.
 *
 * @param node the node that sends it
 * @param sessionIds the sessions that have news
 * @param connected the sessions whose connections have changed
 * @param bells what rings
 */
record SignalCodec(UUID node, Set<UUID> sessionIds, Set<UUID> connected, Set<Bell> bells) {

	/**
	 * Postgres takes less than 8,000 bytes.
	 */
	static final int MAX_BYTES = 7999;

	private static final String NEWS = "n ";

	private static final String CONNECTED = "p ";

	private static final Map<Bell, String> RINGS = Map.of(Bell.REPLIES, "r ", Bell.DISCONNECTS, "d ", Bell.RELAYS,
			"l ");

	private static final int ID_LENGTH = 22;

	private static final int IDS_PER_TEXT = (MAX_BYTES - NEWS.length() - ID_LENGTH) / (1 + ID_LENGTH);

	/**
	 * Writes as few texts as possible.
	 */
	static List<String> write(UUID node, Collection<UUID> sessionIds, Collection<UUID> connected, Set<Bell> bells) {
		List<String> texts = new ArrayList<>();
		write(NEWS, node, sessionIds, texts);
		write(CONNECTED, node, connected, texts);
		bells.forEach((bell) -> texts.add(RINGS.get(bell) + encode(node)));
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
	 * Reads a text.
	 * @return the signal, or null if it is none: others may use the channel, too
	 */
	static @Nullable SignalCodec read(String text) {
		Set<Bell> bells = EnumSet.noneOf(Bell.class);
		RINGS.forEach((bell, prefix) -> {
			if (text.startsWith(prefix)) {
				bells.add(bell);
			}
		});
		boolean news = text.startsWith(NEWS);
		if (bells.isEmpty() && !news && !text.startsWith(CONNECTED)) {
			return null;
		}
		try {
			String[] ids = text.split(" ");
			Set<UUID> sessionIds = new LinkedHashSet<>();
			for (int i = 2; i < ids.length; i++) {
				sessionIds.add(decode(ids[i]));
			}
			return new SignalCodec(decode(ids[1]), news ? sessionIds : Set.of(), news ? Set.of() : sessionIds, bells);
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
