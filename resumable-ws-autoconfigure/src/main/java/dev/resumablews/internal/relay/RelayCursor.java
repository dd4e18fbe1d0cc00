package dev.resumablews.internal.relay;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

import dev.resumablews.internal.feed.FeedEntry;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.feed.SessionFeed.Known;
import dev.resumablews.internal.relay.RelayEvents.Range;
import org.jspecify.annotations.Nullable;

/**
 * A relay's position in the log of its session. The session's feed shows whether there
 * are messages to forward, so events of the upstream, which are in the same log, are not
 * read from Postgres. Used by the relay's thread unless stated otherwise.
 */
final class RelayCursor {

	private final ClaimedRelay claim;

	private final RelayServices services;

	private final Progress progress;

	private final Runnable onChange;

	private final String type;

	/**
	 * Newest known client message.
	 */
	private final AtomicLong wanted;

	/**
	 * Newest message that may have been sent.
	 */
	private long attempted;

	private @Nullable SessionFeed feed;

	private boolean readAgain = true;

	/**
	 * Creates a cursor.
	 * @param onChange called on any thread when there may be something to forward
	 */
	RelayCursor(ClaimedRelay claim, RelayServices services, Progress progress, Runnable onChange) {
		this.claim = claim;
		this.services = services;
		this.progress = progress;
		this.onChange = onChange;
		this.type = RelayType.of(claim.key().name());
		this.wanted = new AtomicLong(claim.wantedId());
		this.attempted = claim.attemptedId();
	}

	void open() {
		this.feed = this.services.feeds().join(this.claim.sessionId(), this.onChange);
	}

	void close() {
		if (this.feed != null) {
			this.services.feeds().leave(this.claim.sessionId(), this.onChange);
			this.feed = null;
		}
	}

	/**
	 * Records a client message. May be called by any thread.
	 * @return whether it was not known before
	 */
	boolean wanted(long eventId) {
		return this.wanted.getAndAccumulate(eventId, Math::max) < eventId;
	}

	/**
	 * Returns the newest client message, or a later event.
	 */
	long newest() {
		return Math.max(this.wanted.get(), this.progress.position());
	}

	/**
	 * Moves back to the first message that is not known to be forwarded.
	 */
	void rewind() {
		this.progress.rewind();
		this.readAgain = true;
	}

	/**
	 * Makes the next check read from Postgres.
	 */
	void readAgain() {
		this.readAgain = true;
	}

	/**
	 * Returns the messages that may have been sent on an earlier connection.
	 * @return the range of their events; null if there are none
	 */
	@Nullable Range uncertain() {
		long forwarded = this.progress.position();
		return (this.attempted > forwarded) ? new Range(forwarded + 1, this.attempted) : null;
	}

	/**
	 * Records that a message is about to be sent.
	 * @return whether it may have been sent before
	 */
	boolean attempt(long eventId) {
		boolean before = eventId <= this.attempted;
		this.attempted = Math.max(this.attempted, eventId);
		return before;
	}

	/**
	 * Returns whether the session is known to be closed.
	 */
	boolean hasEnded() {
		return feed().endsAt(Long.MAX_VALUE);
	}

	/**
	 * Returns whether the log's history has changed, or the session was erased.
	 */
	boolean hasDiverged() {
		return feed().diverged();
	}

	/**
	 * Returns whether a known message has not been read yet.
	 */
	boolean isBehind() {
		return this.wanted.get() > this.progress.position();
	}

	/**
	 * Returns whether there may be messages to forward.
	 */
	boolean hasMore() {
		if (this.readAgain || isBehind()) {
			return true;
		}
		List<FeedEntry> events = feed().after(this.progress.position(), Long.MAX_VALUE);
		if (events == null) {
			return true;
		}
		for (FeedEntry entry : events) {
			if (entry.messageId() != null && entry.event().type().equals(this.type)) {
				return true;
			}
		}
		if (!events.isEmpty()) {
			this.progress.advance(events.get(events.size() - 1).event().id());
		}
		return false;
	}

	/**
	 * Reads the next messages within the limit on messages in flight. Blocks until
	 * Postgres answers.
	 * @return the messages; null if the limit is reached
	 * @throws dev.resumablews.EventLogUnavailableException if Postgres does not answer
	 */
	@Nullable RelayPage read() {
		int room = this.progress.room();
		long bytes = this.progress.roomBytes();
		if (room <= 0 || bytes <= 0) {
			return null;
		}
		SessionFeed feed = feed();
		Known before = feed.known();
		RelayPage page = this.services.table()
			.read(this.claim, this.progress.position(), room, bytes)
			.orElseGet(() -> new RelayPage(false, 0, room, List.of(), before));
		if (page.owned()) {
			feed.advanceTo(before, page.log());
			this.progress.read(page);
			page.messages().forEach((message) -> wanted(message.id()));
			this.readAgain = false;
		}
		return page;
	}

	private SessionFeed feed() {
		return Objects.requireNonNull(this.feed);
	}

}
