package dev.resumablews.internal.feed;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.epoch.Forks;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The recent events of a session that has connections on this node. An event is added
 * only if its id is the next one; after a gap, connections read the missing events from
 * the log. Therefore commits may be reported in any order. Safe for use by many threads.
 * <p>
 * A feed belongs to one history of the session. If the log has lost events of the feed,
 * or holds other events under the same ids, the feed has {@linkplain #diverged()
 * diverged}: it accepts and returns no more events, and its readers must join a new feed.
 * <p>
 * Longer than most classes, because all methods share the same state under one lock.
 */
public final class SessionFeed {

	private static final Log logger = LogFactory.getLog(SessionFeed.class);

	private final int maxEvents;

	private final long maxCharacters;

	private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();

	private final ArrayDeque<FeedEntry> recent = new ArrayDeque<>(1);

	private long characters;

	/**
	 * All events after this id and up to {@link #last} are in {@link #recent}.
	 */
	private long before;

	private long last;

	/**
	 * The history of the events up to {@link #last}.
	 */
	private Forks forks = Forks.NONE;

	private boolean closed;

	private boolean diverged;

	public SessionFeed(int maxEvents, long maxCharacters) {
		this.maxEvents = maxEvents;
		this.maxCharacters = maxCharacters;
	}

	/**
	 * Returns the id of the newest event known to be committed.
	 * @return the event's id; 0 if none is known
	 */
	public synchronized long last() {
		return this.last;
	}

	/**
	 * Returns the history of the events. It continues the history of every event returned
	 * earlier, unless the feed has diverged.
	 * @return the history
	 */
	public synchronized Forks forks() {
		return this.forks;
	}

	/**
	 * Returns the known end of the log. Must be called before the log is read, because
	 * the result of the read must not be older.
	 */
	public synchronized Known known() {
		return new Known(this.last, this.forks);
	}

	/**
	 * Returns whether the log and the events of this feed belong to different histories.
	 * @return whether the feed has diverged
	 */
	public synchronized boolean diverged() {
		return this.diverged;
	}

	/**
	 * Returns whether the session is closed and an event is its last one.
	 * @param cursor the event's id
	 * @return whether no event will follow
	 */
	public synchronized boolean endsAt(long cursor) {
		return this.closed && cursor >= this.last;
	}

	/**
	 * Advances this feed to the end of the log without adding events.
	 * @param before the result of {@link #known()} before the log was read
	 * @param log the newest event and its history
	 * @return whether the log has the history of this feed
	 */
	public boolean advanceTo(Known before, Known log) {
		synchronized (this) {
			Known now = known();
			if (agrees(before, log)) {
				advance(log.last());
				if (known().equals(now)) {
					return true;
				}
			}
		}
		wake();
		return !diverged();
	}

	/**
	 * Marks this feed as diverged if the session existed and is no longer in the log.
	 * @param before the result of {@link #known()} before the log was read
	 */
	public void missing(Known before) {
		if (before.last() > 0) {
			synchronized (this) {
				diverge();
			}
			wake();
		}
	}

	/**
	 * Discards the events of this feed because the session was erased.
	 */
	public void erased() {
		synchronized (this) {
			diverge();
		}
		wake();
	}

	/**
	 * Returns the events that follow a cursor.
	 * @param cursor the id after which to start
	 * @param maxCharacters total payload length at which to stop
	 * @return the events, empty if there are no new ones; null if they must be read from
	 * the log
	 */
	public synchronized @Nullable List<FeedEntry> after(long cursor, long maxCharacters) {
		if (cursor >= this.last || this.diverged) {
			return List.of();
		}
		if (cursor < this.before) {
			return null;
		}
		FeedEntry newest = this.recent.peekLast();
		if (newest != null && cursor == this.last - 1) {
			return List.of(newest);
		}
		List<FeedEntry> events = new ArrayList<>();
		Iterator<FeedEntry> newestFirst = this.recent.descendingIterator();
		while (newestFirst.hasNext()) {
			FeedEntry recent = newestFirst.next();
			if (recent.event().id() <= cursor) {
				break;
			}
			events.add(recent);
		}
		Collections.reverse(events);
		long length = 0;
		for (int i = 0; i < events.size(); i++) {
			length += events.get(i).length();
			if (length >= maxCharacters) {
				return events.subList(0, i + 1);
			}
		}
		return events;
	}

	/**
	 * Returns the text of an event. It is serialized once for all connections if the
	 * session has several.
	 * @param recent an event of this feed
	 * @param writer serializes the event
	 * @return the text
	 */
	public String text(FeedEntry recent, Function<SessionEvent, String> writer) {
		return (this.listeners.size() > 1) ? recent.text(writer) : writer.apply(recent.event());
	}

	/**
	 * Adds events that were just committed, in the order of their ids.
	 */
	public void committed(List<FeedEntry> events) {
		synchronized (this) {
			events.forEach(this::take);
		}
		wake();
	}

	/**
	 * Adds events that were read from the log after {@link #last}. The read covers every
	 * event in this range, so missing ids belong to deleted events.
	 * @param before the result of {@link #known()} before the log was read
	 * @param events the events that follow, possibly without the last ones
	 * @param log the newest event and its history
	 */
	public void appendFromLog(Known before, List<FeedEntry> events, Known log) {
		synchronized (this) {
			if (agrees(before, log) && log.last() > this.last) {
				events.stream().filter((recent) -> recent.event().id() > this.last).forEach(this::add);
				advance(log.last());
			}
		}
		wake();
	}

	/**
	 * Marks the session as closed.
	 * @param lastEventId the last event of the session
	 */
	public void closed(long lastEventId) {
		synchronized (this) {
			advance(lastEventId);
			this.closed = true;
		}
		wake();
	}

	public void addListener(Runnable listener) {
		this.listeners.add(listener);
	}

	/**
	 * Removes a listener and returns whether no listener is left.
	 */
	public boolean removeListener(Runnable listener) {
		this.listeners.remove(listener);
		return this.listeners.isEmpty();
	}

	private void wake() {
		for (Runnable listener : this.listeners) {
			try {
				listener.run();
			}
			catch (RuntimeException ex) {
				// a closing connection must not make the commit fail
				logger.debug("Could not wake a connection", ex);
			}
		}
	}

	private void take(FeedEntry recent) {
		long id = recent.event().id();
		if (!agrees(new Known(id, recent.forks()))) {
			return;
		}
		if (id <= this.last) {
			compare(recent.event());
			return;
		}
		if (id > this.last + 1) {
			forget(id - 1);
		}
		add(recent);
	}

	private void add(FeedEntry recent) {
		UUID replaced = recent.replaces();
		if (replaced != null) {
			removeDeltas(replaced);
		}
		recent.forks(this.forks);
		this.recent.addLast(recent);
		this.characters += recent.length();
		this.last = recent.event().id();
		while (this.recent.size() > this.maxEvents
				|| (this.characters > this.maxCharacters && this.recent.size() > 1)) {
			FeedEntry oldest = this.recent.removeFirst();
			this.characters -= oldest.length();
			this.before = oldest.event().id();
		}
	}

	private void advance(long eventId) {
		if (eventId > this.last) {
			forget(eventId);
			this.last = eventId;
		}
	}

	private void forget(long through) {
		this.recent.clear();
		this.characters = 0;
		this.before = through;
	}

	/**
	 * Checks the log against the known history. A read must not end before an event that
	 * was known when the read began.
	 */
	private boolean agrees(Known before, Known log) {
		if (log.last() < before.last()) {
			diverge();
		}
		return agrees(log);
	}

	/**
	 * Compares two histories up to the shorter one's end, and adopts the longer one.
	 */
	private boolean agrees(Known log) {
		if (this.diverged) {
			return false;
		}
		if (!log.forks().equals(this.forks)) {
			if (this.forks.sharedWith(log.forks()) < Math.min(this.last, log.last())) {
				diverge();
				return false;
			}
			if (log.last() > this.last || log.last() == this.last && log.forks().continues(this.forks)) {
				this.forks = log.forks();
			}
		}
		return true;
	}

	/**
	 * Searches for a different event with the same id, which exists only in another
	 * history. This detects lost events when the epoch did not change.
	 */
	private void compare(SessionEvent event) {
		if (this.recent.stream()
			.anyMatch((known) -> known.event().id() == event.id()
					&& !known.event().createdAt().equals(event.createdAt()))) {
			diverge();
		}
	}

	private void diverge() {
		this.diverged = true;
		this.recent.clear();
		this.characters = 0;
	}

	private void removeDeltas(UUID messageId) {
		this.recent.removeIf((recent) -> {
			boolean obsolete = recent.isDelta() && messageId.equals(recent.messageId());
			if (obsolete) {
				this.characters -= recent.length();
			}
			return obsolete;
		});
	}

	/**
	 * The known end of a session's log.
	 *
	 * @param last id of the newest event; 0 if none is known
	 * @param forks the history of that event
	 */
	public record Known(long last, Forks forks) {

	}

}
