package dev.resumablews.internal.publish;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.internal.feed.FeedEntry;
import org.jspecify.annotations.Nullable;

/**
 * Collects the changes of a transaction, which are delivered to the feeds after the
 * commit. Used by one thread.
 */
final class StoredOperations {

	private final Map<UUID, List<FeedEntry>> events = new LinkedHashMap<>();

	private final Map<UUID, Long> closed = new LinkedHashMap<>();

	private @Nullable String transaction;

	void addEvent(FeedEntry event) {
		this.events.computeIfAbsent(event.event().sessionId(), (id) -> new ArrayList<>()).add(event);
	}

	/**
	 * Adds a closed session.
	 * @param lastEventId the last event stored in it
	 */
	void addClosed(UUID sessionId, long lastEventId) {
		this.closed.put(sessionId, lastEventId);
	}

	/**
	 * Sets the Postgres transaction id.
	 */
	void transaction(@Nullable String transaction) {
		this.transaction = transaction;
	}

	/**
	 * Returns the Postgres transaction id.
	 * @return the id; null if the transaction has changed nothing
	 */
	@Nullable String transaction() {
		return this.transaction;
	}

	Map<UUID, List<FeedEntry>> events() {
		return this.events;
	}

	Map<UUID, Long> closed() {
		return this.closed;
	}

}
