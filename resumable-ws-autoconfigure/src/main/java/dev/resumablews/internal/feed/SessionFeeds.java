package dev.resumablews.internal.feed;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

	private final CommitListeners commits;

	private final ConcurrentMap<UUID, SessionFeed> feeds = new ConcurrentHashMap<>();

	/**
	 * Creates the feeds.
	 * @param maxEvents events that each feed keeps at most
	 * @param maxCharacters length of the payloads that each feed keeps at most, in UTF-16
	 * units
	 * @param commits is told of what this node commits
	 */
	public SessionFeeds(int maxEvents, long maxCharacters, CommitListeners commits) {
		this.maxEvents = maxEvents;
		this.maxCharacters = maxCharacters;
		this.commits = commits;
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
			SessionFeed feed = (known != null && !known.diverged()) ? known
					: new SessionFeed(this.maxEvents, this.maxCharacters);
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

	public boolean isEmpty() {
		return this.feeds.isEmpty();
	}

	public boolean has(UUID sessionId) {
		return this.feeds.containsKey(sessionId);
	}

	public Map<UUID, SessionFeed> all() {
		return Map.copyOf(this.feeds);
	}

	public Map<UUID, SessionFeed> find(Collection<UUID> sessionIds) {
		Map<UUID, SessionFeed> found = new HashMap<>();
		for (UUID sessionId : sessionIds) {
			SessionFeed feed = this.feeds.get(sessionId);
			if (feed != null) {
				found.put(sessionId, feed);
			}
		}
		return found;
	}

	public int maxEvents() {
		return this.maxEvents;
	}

	public long maxCharacters() {
		return this.maxCharacters;
	}

	/**
	 * Hands out that this node has closed a session.
	 * @param lastEventId the last event that was stored in it
	 */
	public void closed(UUID sessionId, long lastEventId) {
		SessionFeed feed = this.feeds.get(sessionId);
		if (feed != null) {
			feed.closed(lastEventId);
		}
		this.commits.committed(List.of(sessionId));
	}

	/**
	 * Hands out that this node has erased sessions.
	 */
	public void erased(Collection<UUID> sessionIds) {
		if (!sessionIds.isEmpty()) {
			find(sessionIds).values().forEach(SessionFeed::erased);
			this.commits.committed(sessionIds);
		}
	}

	/**
	 * Hands out what this node has committed: the events to the connections that are
	 * here, and the news of them to those who tell the other nodes.
	 */
	public void committed(Map<UUID, List<FeedEntry>> news) {
		if (news.isEmpty()) {
			return;
		}
		news.forEach((sessionId, events) -> {
			SessionFeed feed = this.feeds.get(sessionId);
			if (feed != null) {
				feed.committed(events);
			}
		});
		this.commits.committed(news.keySet());
	}

}
