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
 * Decodes what other nodes have appended, so that neither a slow codec nor an event that
 * cannot be decoded keeps other sessions waiting. Of a session only what was read last
 * waits, since that holds what was read before. Safe for use by many threads.
 */
final class RemoteEventDecoder {

	private static final Log logger = LogFactory.getLog(RemoteEventDecoder.class);

	private final StoredPayloads payloads;

	private final long maxCharacters;

	private final ConcurrentMap<UUID, Runnable> waiting = new ConcurrentHashMap<>();

	/**
	 * Creates a decoder.
	 * @param maxCharacters length of the payloads of a session after which to stop, as
	 * its feed keeps no more
	 */
	RemoteEventDecoder(StoredPayloads payloads, long maxCharacters) {
		this.payloads = payloads;
		this.maxCharacters = maxCharacters;
	}

	/**
	 * Returns whether events have to be decoded.
	 */
	static boolean isNeeded(List<FeedEntry> events) {
		return events.stream().anyMatch((entry) -> StoredPayloads.isEncoded(entry.event().payload()));
	}

	/**
	 * Runs a task that decodes events of a session, unless another one replaces it before
	 * its turn.
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
	 * Decodes events of a session, up to the first that cannot be decoded. It is then
	 * read from the log by each connection, which deals with the failure.
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
				logger.debug("An event of another node is left to its readers", ex);
				break;
			}
		}
		return decoded;
	}

}
