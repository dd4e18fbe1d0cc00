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
	 * @param maxEvents maximum number of events in each feed
	 * @param maxCharacters maximum total payload length of each feed, in UTF-16 units
	 * @param commits notified of the commits of this node
	 */
	public SessionFeeds(int maxEvents, long maxCharacters, CommitListeners commits) {
		this.maxEvents = maxEvents;
		this.maxCharacters = maxCharacters;
		this.commits = commits;
	}

	/**
	 * Joins the feed of a session. Must be called before the log is read, so that no
	 * event is missed in between.
	 * @param sessionId the session
	 * @param listener run when there are new events, on any thread; must be fast
	 * @return the feed, to be released with {@link #leave}
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
	 * @param listener the listener passed to {@link #join}
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
	 * Publishes that this node has closed a session.
	 * @param lastEventId the last event of the session
	 */
	public void closed(UUID sessionId, long lastEventId) {
		SessionFeed feed = this.feeds.get(sessionId);
		if (feed != null) {
			feed.closed(lastEventId);
		}
		this.commits.committed(List.of(sessionId));
	}

	/**
	 * Publishes that this node has erased sessions.
	 */
	public void erased(Collection<UUID> sessionIds) {
		if (!sessionIds.isEmpty()) {
			find(sessionIds).values().forEach(SessionFeed::erased);
			this.commits.committed(sessionIds);
		}
	}

	/**
	 * Publishes the events that this node has committed: adds them to the local feeds and
	 * notifies the {@link CommitListeners}, which signal the other nodes.
	 */
	public void committed(Map<UUID, List<FeedEntry>> events) {
		if (events.isEmpty()) {
			return;
		}
		events.forEach((sessionId, added) -> {
			SessionFeed feed = this.feeds.get(sessionId);
			if (feed != null) {
				feed.committed(added);
			}
		});
		this.commits.committed(events.keySet());
	}

}
