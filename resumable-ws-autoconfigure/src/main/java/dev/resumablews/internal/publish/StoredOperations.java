package dev.resumablews.internal.publish;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.internal.feed.FeedEntry;
import org.jspecify.annotations.Nullable;

/**
 * Collects what a transaction has written and its sessions' feeds get when it has
 * committed. Used by one thread.
 */
final class StoredOperations {

	private final Map<UUID, List<FeedEntry>> events = new LinkedHashMap<>();

	private final Map<UUID, Long> closed = new LinkedHashMap<>();

	private @Nullable String transaction;

	void addEvent(FeedEntry event) {
		this.events.computeIfAbsent(event.event().sessionId(), (id) -> new ArrayList<>()).add(event);
	}

	/**
	 * Adds a session that was closed.
	 * @param lastEventId the last event that was stored in it
	 */
	void addClosed(UUID sessionId, long lastEventId) {
		this.closed.put(sessionId, lastEventId);
	}

	/**
	 * Notes the id of the transaction in Postgres.
	 */
	void transaction(@Nullable String transaction) {
		this.transaction = transaction;
	}

	/**
	 * Returns the id of the transaction in Postgres.
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
