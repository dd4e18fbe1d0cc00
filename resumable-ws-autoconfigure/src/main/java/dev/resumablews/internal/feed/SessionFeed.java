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
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The recent events of a session that has connections on this node. It takes an event
 * only if its id is the next one; anything else means that the events in between have to
 * be read from the log. So it does not matter in which order commits are told. Safe for
 * use by many threads.
 */
public final class SessionFeed {

	private static final Log logger = LogFactory.getLog(SessionFeed.class);

	private final int maxEvents;

	private final long maxCharacters;

	private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();

	private final ArrayDeque<Recent> recent = new ArrayDeque<>(1);

	private long characters;

	/**
	 * Events after this id, and up to {@link #last}, are all in {@link #recent}.
	 */
	private long before;

	private long last;

	private boolean closed;

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
	 * Tells whether nothing will ever follow an event, because the session is closed.
	 * @param cursor the event's id
	 * @return whether it was the last one
	 */
	public synchronized boolean endsAt(long cursor) {
		return this.closed && cursor >= this.last;
	}

	/**
	 * Makes known that the log reaches to an event, without giving the events.
	 * @param eventId id of a committed event
	 */
	public void reaches(long eventId) {
		synchronized (this) {
			if (eventId <= this.last) {
				return;
			}
			reach(eventId);
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
	public synchronized @Nullable List<Recent> after(long cursor, long maxCharacters) {
		if (cursor >= this.last) {
			return List.of();
		}
		if (cursor < this.before) {
			return null;
		}
		Recent newest = this.recent.peekLast();
		if (newest != null && cursor == this.last - 1) {
			return List.of(newest);
		}
		List<Recent> events = new ArrayList<>();
		Iterator<Recent> newestFirst = this.recent.descendingIterator();
		while (newestFirst.hasNext()) {
			Recent recent = newestFirst.next();
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
	public String text(Recent recent, Function<SessionEvent, String> writer) {
		return (this.listeners.size() > 1) ? recent.text(writer) : writer.apply(recent.event());
	}

	/**
	 * Takes events that were just committed, in the order of their ids.
	 */
	public void committed(List<Recent> events) {
		synchronized (this) {
			events.forEach(this::take);
		}
		wake();
	}

	/**
	 * Takes what was read from the log after {@link #last}, as it was before that: all
	 * that is there, so that ids that are missing are those of events that were removed.
	 * @param events what follows it, perhaps without the last ones
	 * @param head the newest event
	 */
	public void followed(List<Recent> events, long head) {
		synchronized (this) {
			if (head <= this.last) {
				return;
			}
			events.stream().filter((recent) -> recent.event().id() > this.last).forEach(this::add);
			reach(head);
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

	private void take(Recent recent) {
		long id = recent.event().id();
		if (id <= this.last) {
			return;
		}
		if (id > this.last + 1) {
			forget(id - 1);
		}
		add(recent);
	}

	private void add(Recent recent) {
		if (recent.replaces != null) {
			removeDeltas(recent.replaces);
		}
		this.recent.addLast(recent);
		this.characters += recent.length();
		this.last = recent.event().id();
		while (this.recent.size() > this.maxEvents
				|| (this.characters > this.maxCharacters && this.recent.size() > 1)) {
			Recent oldest = this.recent.removeFirst();
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

	private void removeDeltas(UUID messageId) {
		this.recent.removeIf((recent) -> {
			boolean obsolete = recent.delta() && messageId.equals(recent.messageId);
			if (obsolete) {
				this.characters -= recent.length();
			}
			return obsolete;
		});
	}

	/**
	 * A committed event, with what the feed has to know of its reply.
	 */
	public static final class Recent {

		private final SessionEvent event;

		private final @Nullable UUID messageId;

		private final @Nullable UUID replaces;

		/**
		 * Set by whoever needs it first; whoever comes at the same time writes the same.
		 */
		private volatile @Nullable String text;

		public Recent(SessionEvent event, @Nullable UUID messageId, @Nullable UUID replaces) {
			this.event = event;
			this.messageId = messageId;
			this.replaces = replaces;
		}

		/**
		 * Returns the event.
		 * @return the event
		 */
		public SessionEvent event() {
			return this.event;
		}

		private String text(Function<SessionEvent, String> writer) {
			String known = this.text;
			if (known == null) {
				known = writer.apply(this.event);
				this.text = known;
			}
			return known;
		}

		private int length() {
			return this.event.payload().length();
		}

		private boolean delta() {
			return this.event.type().equals("assistant_delta");
		}

	}

}
