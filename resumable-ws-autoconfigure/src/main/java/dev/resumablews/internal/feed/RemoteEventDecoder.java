package dev.resumablews.internal.feed;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.codec.StoredPayloads;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Decodes the events of other nodes on separate threads, so that neither a slow codec nor
 * an undecodable event delays other sessions. At most one task per session is queued: the
 * most recent read, which includes the events of earlier reads. Safe for use by many
 * threads.
 */
final class RemoteEventDecoder {

	private static final Log logger = LogFactory.getLog(RemoteEventDecoder.class);

	private final StoredPayloads payloads;

	private final long maxCharacters;

	private final ConcurrentMap<UUID, Runnable> waiting = new ConcurrentHashMap<>();

	/**
	 * Creates a decoder.
	 * @param maxCharacters total payload length of a session at which decoding stops,
	 * because its feed keeps no more
	 */
	RemoteEventDecoder(StoredPayloads payloads, long maxCharacters) {
		this.payloads = payloads;
		this.maxCharacters = maxCharacters;
	}

	/**
	 * Returns whether any event is encoded.
	 */
	static boolean isNeeded(List<FeedEntry> events) {
		return events.stream().anyMatch((entry) -> StoredPayloads.isEncoded(entry.event().payload()));
	}

	/**
	 * Queues a task that decodes events of a session. It replaces a queued task of the
	 * same session.
	 */
	void execute(UUID sessionId, Runnable task) {
		if (this.waiting.put(sessionId, task) == null) {
			this.payloads.decoding().execute(sessionId.toString(), () -> {
				Runnable last = this.waiting.remove(sessionId);
				if (last != null) {
					last.run();
				}
			});
		}
	}

	/**
	 * Decodes events of a session up to the first undecodable one. Connections then read
	 * that event from the log and handle the failure themselves.
	 */
	List<FeedEntry> decode(List<FeedEntry> stored, SessionFeed feed) {
		List<FeedEntry> decoded = new ArrayList<>(stored.size());
		long characters = 0;
		for (FeedEntry entry : stored) {
			SessionEvent event = entry.event();
			if (event.id() <= feed.last()) {
				continue;
			}
			if (characters >= this.maxCharacters) {
				break;
			}
			try {
				String json = this.payloads.decode(event.sessionId(), event.id(), event.type(), event.payload());
				decoded.add(new FeedEntry(
						new SessionEvent(event.sessionId(), event.id(), event.type(), json, event.createdAt()),
						entry.messageId(), entry.replaces(), entry.forks()));
				characters += json.length();
			}
			catch (PayloadCodecException | EventLogUnavailableException ex) {
				logger.debug("Could not decode an event of another node; connections will read it from the log", ex);
				break;
			}
		}
		return decoded;
	}

}
