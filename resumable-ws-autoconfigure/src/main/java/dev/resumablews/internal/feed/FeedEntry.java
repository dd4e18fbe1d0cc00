package dev.resumablews.internal.feed;

import java.util.UUID;
import java.util.function.Function;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;

/**
 * A committed event, with what the feed has to know of its reply. Its text is written
 * once for all connections of the session. Safe for use by many threads, except as
 * stated.
 */
public final class FeedEntry {

	private final SessionEvent event;

	private final @Nullable UUID messageId;

	private final @Nullable UUID replaces;

	/**
	 * Becomes the feed's own object once the feed has taken the event.
	 */
	private Forks forks;

	/**
	 * Set by the first reader; one that reads at the same time writes the same text.
	 */
	private volatile @Nullable String text;

	/**
	 * Creates an entry.
	 * @param forks the history that the event is part of
	 */
	public FeedEntry(SessionEvent event, @Nullable UUID messageId, @Nullable UUID replaces, Forks forks) {
		this.event = event;
		this.messageId = messageId;
		this.replaces = replaces;
		this.forks = forks;
	}

	/**
	 * Returns the event.
	 * @return the event
	 */
	public SessionEvent event() {
		return this.event;
	}

	String text(Function<SessionEvent, String> writer) {
		String known = this.text;
		if (known == null) {
			known = writer.apply(this.event);
			this.text = known;
		}
		return known;
	}

	int length() {
		return this.event.payload().length();
	}

	boolean isDelta() {
		return this.event.type().equals("assistant_delta");
	}

	/**
	 * Returns the message that the event is part of.
	 * @return the reply's message, or the key of a message that is forwarded to an
	 * upstream; null if it is part of none
	 */
	public @Nullable UUID messageId() {
		return this.messageId;
	}

	@Nullable UUID replaces() {
		return this.replaces;
	}

	Forks forks() {
		return this.forks;
	}

	/**
	 * Shares the feed's own object. Called with the feed's lock held.
	 */
	void forks(Forks forks) {
		this.forks = forks;
	}

}
