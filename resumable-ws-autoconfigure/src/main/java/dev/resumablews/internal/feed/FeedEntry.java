package dev.resumablews.internal.feed;

import java.util.UUID;
import java.util.function.Function;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;

/**
 * A committed event with the reply attributes that the feed needs. Its JSON is serialized
 * once for all connections of the session. Safe for use by many threads, except as
 * stated.
 */
public final class FeedEntry {

	private final SessionEvent event;

	private final @Nullable UUID messageId;

	private final @Nullable UUID replaces;

	/**
	 * Replaced by the feed's instance when the event is added to the feed.
	 */
	private Forks forks;

	/**
	 * Set by the first reader; concurrent readers compute the same text.
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
	 * Replaces the history with the feed's instance. Requires the feed's lock.
	 */
	void forks(Forks forks) {
		this.forks = forks;
	}

}
