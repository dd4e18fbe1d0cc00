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
 * The recent events of a session that has connections on this node. It takes an event
 * only if its id is the next one; anything else means that the events in between have to
 * be read from the log. So it does not matter in which order commits are told. Safe for
 * use by many threads.
 * <p>
 * A feed belongs to one history of the session. When the log turns out to have lost what
 * the feed has, or to hold other events under the same ids, the feed has
 * {@linkplain #diverged() diverged}: it takes and gives nothing more, and what reads it
 * has to begin with another one.
 * <p>
 * Longer than most classes, since all of it works on the same state under one lock.
 */
public final class SessionFeed {

	private static final Log logger = LogFactory.getLog(SessionFeed.class);

	private final int maxEvents;

	private final long maxCharacters;

	private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();

	private final ArrayDeque<FeedEntry> recent = new ArrayDeque<>(1);

	private long characters;

	/**
	 * Events after this id, and up to {@link #last}, are all in {@link #recent}.
	 */
	private long before;

	private long last;

	/**
	 * The history that the events up to {@link #last} are part of.
	 */
	private Forks forks = Forks.NONE;

	private boolean closed;

	private boolean diverged;

	public SessionFeed(int maxEvents, long maxCharacters) {
		this.maxEvents = maxEvents;
		this.maxCharacters = maxCharacters;
	}

	/**
	 * Returns the newest event known to be committed.
	 * @return its id; 0 when none is known
	 */
	public synchronized long last() {
		return this.last;
	}

	/**
	 * Returns the history that the events are part of. That of an event which was given
	 * before is continued by this one, unless the feed has diverged.
	 * @return the history
	 */
	public synchronized Forks forks() {
		return this.forks;
	}

	/**
	 * Returns what is known of the log. To be asked before the log is read, since only
	 * then what was read must not be older.
	 */
	public synchronized Known known() {
		return new Known(this.last, this.forks);
	}

	/**
	 * Tells whether the log is not the one any more that this feed has events of.
	 * @return whether it has another history
	 */
	public synchronized boolean diverged() {
		return this.diverged;
	}

	/**
	 * Tells whether nothing will ever follow an event, because the session is closed.
	 * @param cursor the event's id
	 * @return whether it was the last one
	 */
	public synchronized boolean endsAt(long cursor) {
		return this.closed && cursor >= this.last;
	}

	/**
	 * Makes known what the log was found to be, without giving the events.
	 * @param before what was known before the log was read
	 * @param log the newest event, and the history it is part of
	 * @return whether this is the history of the feed
	 */
	public boolean reaches(Known before, Known log) {
		synchronized (this) {
			Known now = known();
			if (agrees(before, log)) {
				reach(log.last());
				if (known().equals(now)) {
					return true;
				}
			}
		}
		wake();
		return !diverged();
	}

	/**
	 * Makes known that the session is not in the log any more.
	 * @param before what was known before the log was read
	 */
	public void gone(Known before) {
		if (before.last() > 0) {
			synchronized (this) {
				diverge();
			}
			wake();
		}
	}

	/**
	 * Makes known that the session was erased, and forgets what it held.
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
	 * @param maxCharacters length of the payloads after which to stop
	 * @return the events, none if there is nothing new; null if they must be read from
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
	 * Returns an event as all connections of the session send it while it is news. It is
	 * written once, unless the session has no other connection.
	 * @param recent an event of this feed
	 * @param writer writes it
	 * @return the text
	 */
	public String text(FeedEntry recent, Function<SessionEvent, String> writer) {
		return (this.listeners.size() > 1) ? recent.text(writer) : writer.apply(recent.event());
	}

	/**
	 * Takes events that were just committed, in the order of their ids.
	 */
	public void committed(List<FeedEntry> events) {
		synchronized (this) {
			events.forEach(this::take);
		}
		wake();
	}

	/**
	 * Takes what was read from the log after {@link #last}, as it was before that: all
	 * that is there, so that ids that are missing are those of events that were removed.
	 * @param before what was known before the log was read
	 * @param events what follows it, perhaps without the last ones
	 * @param log the newest event, and the history it is part of
	 */
	public void followed(Known before, List<FeedEntry> events, Known log) {
		synchronized (this) {
			if (agrees(before, log) && log.last() > this.last) {
				events.stream().filter((recent) -> recent.event().id() > this.last).forEach(this::add);
				reach(log.last());
			}
		}
		wake();
	}

	/**
	 * Makes known that the session is closed.
	 * @param lastEventId the last event that was stored in it
	 */
	public void closed(long lastEventId) {
		synchronized (this) {
			reach(lastEventId);
			this.closed = true;
		}
		wake();
	}

	public void addListener(Runnable listener) {
		this.listeners.add(listener);
	}

	/**
	 * Removes a listener, and tells whether it was the last one.
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
				// whoever committed must not suffer from a connection that is going away
				logger.debug("A reader of the log could not be woken", ex);
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

	private void reach(long eventId) {
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
	 * Compares what the log was found to be with what is known of it. What was read after
	 * something was known must not end before that.
	 */
	private boolean agrees(Known before, Known log) {
		if (log.last() < before.last()) {
			diverge();
		}
		return agrees(log);
	}

	/**
	 * Compares two histories as far as both reach, and takes over the one that reaches
	 * further.
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
	 * Looks for another event under the same id, which there is only in another history.
	 * This notices what is lost where epochs cannot be told apart.
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
	 * What is known of the log of a session.
	 *
	 * @param last id of the newest event; 0 when none is known
	 * @param forks the history that it is part of
	 */
	public record Known(long last, Forks forks) {

	}

}
