package dev.resumablews.log;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The feeds of all sessions that have connections on this node. Safe for use by many
 * threads.
 */
public final class SessionFeeds {

	private final int maxEvents;

	private final long maxCharacters;

	private final ConcurrentMap<UUID, SessionFeed> feeds = new ConcurrentHashMap<>();

	/**
	 * Creates the feeds.
	 * @param maxEvents events that each feed keeps at most
	 * @param maxCharacters length of the payloads that each feed keeps at most, in UTF-16
	 * units
	 */
	SessionFeeds(int maxEvents, long maxCharacters) {
		this.maxEvents = maxEvents;
		this.maxCharacters = maxCharacters;
	}

	/**
	 * Joins the feed of a session. To be done before the log is read, so that no event
	 * can slip through between the two.
	 * @param sessionId the session
	 * @param listener is run whenever there is news, on any thread; must be fast
	 * @return the feed, to be left with {@link #leave}
	 */
	public SessionFeed join(UUID sessionId, Runnable listener) {
		return this.feeds.compute(sessionId, (id, known) -> {
			SessionFeed feed = (known != null) ? known : new SessionFeed(this.maxEvents, this.maxCharacters);
			feed.addListener(listener);
			return feed;
		});
	}

	/**
	 * Leaves the feed of a session.
	 * @param sessionId the session
	 * @param listener what {@link #join} was given
	 */
	public void leave(UUID sessionId, Runnable listener) {
		this.feeds.computeIfPresent(sessionId, (id, feed) -> feed.removeListener(listener) ? null : feed);
	}

	boolean has(UUID sessionId) {
		return this.feeds.containsKey(sessionId);
	}

	void committed(UUID sessionId, List<SessionFeed.Recent> events) {
		SessionFeed feed = this.feeds.get(sessionId);
		if (feed != null) {
			feed.committed(events);
		}
	}

}
