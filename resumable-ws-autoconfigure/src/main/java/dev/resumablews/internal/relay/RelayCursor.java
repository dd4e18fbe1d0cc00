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
 * Where a relay is in the log of its session. The feed of the session tells whether there
 * are messages to forward, so that what the upstream sends, which is in the same log, is
 * not read from Postgres. Used by the relay's thread, unless a method says otherwise.
 */
final class RelayCursor {

	private final ClaimedRelay claim;

	private final RelayServices services;

	private final Progress progress;

	private final Runnable onChange;

	private final String type;

	/**
	 * The newest message of a client that is known.
	 */
	private final AtomicLong wanted;

	/**
	 * The newest message that may have been sent.
	 */
	private long attempted;

	private @Nullable SessionFeed feed;

	private boolean readAgain = true;

	/**
	 * Creates a cursor.
	 * @param onChange is run when there may be something to forward, on any thread
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
	 * Notes that a client has sent a message. Any thread.
	 * @return whether that was not known
	 */
	boolean wanted(long eventId) {
		return this.wanted.getAndAccumulate(eventId, Math::max) < eventId;
	}

	/**
	 * Returns the newest message of a client, or an event after it.
	 */
	long newest() {
		return Math.max(this.wanted.get(), this.progress.position());
	}

	/**
	 * Goes back to the first message that is not known to be forwarded.
	 */
	void rewind() {
		this.progress.rewind();
		this.readAgain = true;
	}

	/**
	 * Looks for messages in Postgres the next time.
	 */
	void readAgain() {
		this.readAgain = true;
	}

	/**
	 * Returns the messages that may have been sent on an earlier connection.
	 * @return their events; null if there are none
	 */
	@Nullable Range doubtful() {
		long forwarded = this.progress.position();
		return (this.attempted > forwarded) ? new Range(forwarded + 1, this.attempted) : null;
	}

	/**
	 * Notes that a message is about to be sent.
	 * @return whether it may have been sent before
	 */
	boolean attempt(long eventId) {
		boolean before = eventId <= this.attempted;
		this.attempted = Math.max(this.attempted, eventId);
		return before;
	}

	/**
	 * Returns whether the session is closed, as far as it is known.
	 */
	boolean hasEnded() {
		return feed().endsAt(Long.MAX_VALUE);
	}

	/**
	 * Returns whether the log is not the one any more that this cursor is a place in, or
	 * whether the session was erased.
	 */
	boolean hasDiverged() {
		return feed().diverged();
	}

	/**
	 * Returns whether a message is known that was not read.
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
	 * Reads the next messages, as far as there is room for them. Blocks until Postgres
	 * answers.
	 * @return the messages; null if there is no room
	 * @throws dev.resumablews.EventLogUnavailableException if it does not answer
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
