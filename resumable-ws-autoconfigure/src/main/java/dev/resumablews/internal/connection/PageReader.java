package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.budget.Rate;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.feed.SessionFeed.Known;
import dev.resumablews.internal.log.LogPage;
import dev.resumablews.internal.log.StoredPage;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Reads pages of a session's log on a thread that may wait for Postgres. Reads one page
 * at a time, and retries while Postgres is unavailable. Used by the connection's loop
 * unless stated otherwise; while {@link #isReading()}, only the reading task accesses the
 * page.
 */
final class PageReader {

	private static final Log logger = LogFactory.getLog(PageReader.class);

	/**
	 * Approximate length of a message without its payload.
	 */
	private static final int ENVELOPE = 100;

	private static final Duration RETRY_DELAY = Duration.ofMillis(250);

	private final ConnectionServices services;

	private final UUID sessionId;

	private final SessionFeed feed;

	private final UserBudget budget;

	private final Runnable onRead;

	private final Deque<SessionEvent> page = new ArrayDeque<>(1);

	private long skippedTo;

	private volatile boolean reading;

	private volatile @Nullable Throwable failure;

	private volatile boolean closed;

	PageReader(ConnectionServices services, UUID sessionId, SessionFeed feed, UserBudget budget, Runnable onRead) {
		this.services = services;
		this.sessionId = sessionId;
		this.feed = feed;
		this.budget = budget;
		this.onRead = onRead;
	}

	/**
	 * Returns whether a page is being read, during which no other method may be called.
	 * May be called by any thread.
	 */
	boolean isReading() {
		return this.reading;
	}

	/**
	 * Returns the reason why reading has failed.
	 * @return the failure; null if there is none, and while Postgres is unavailable
	 */
	@Nullable Throwable failure() {
		return this.failure;
	}

	boolean isEmpty() {
		return this.page.isEmpty();
	}

	/**
	 * Returns the event up to which the log is empty, because its events are deltas of
	 * finished replies or have expired.
	 * @return its id; 0 if the last page had events
	 */
	long skippedTo() {
		return this.skippedTo;
	}

	/**
	 * Discards the page.
	 */
	void clear() {
		this.page.clear();
		this.skippedTo = 0;
	}

	/**
	 * Starts to read a page.
	 * @param position the event after which the page starts
	 */
	void read(long position) {
		this.reading = true;
		try {
			execute(position);
		}
		catch (Throwable ex) {
			this.reading = false;
			throw ex;
		}
	}

	/**
	 * Removes and returns events of the page.
	 * @param characters length at which to stop
	 */
	List<SessionEvent> take(long characters) {
		List<SessionEvent> events = new ArrayList<>();
		long length = 0;
		while (!this.page.isEmpty() && length < characters) {
			SessionEvent event = this.page.removeFirst();
			length += lengthOf(event);
			events.add(event);
		}
		return events;
	}

	/**
	 * Returns the approximate length of an event as sent. Deltas are merged, so their
	 * envelope is not counted.
	 */
	static long lengthOf(SessionEvent event) {
		return event.payload().length() + (event.type().equals("assistant_delta") ? 0 : ENVELOPE);
	}

	/**
	 * Stops reading. May be called by any thread.
	 */
	void close() {
		this.closed = true;
	}

	/**
	 * Reads immediately, or once the user's budget permits.
	 */
	private void execute(long position) {
		Duration delay = this.budget.delay(Rate.REPLAY);
		if (delay.isZero()) {
			this.services.workers().reading().execute(this.budget.userId(), () -> readPage(position));
		}
		else {
			this.services.workers().clock().after(delay, "Reading a session later", () -> readAgain(position));
		}
	}

	/**
	 * Reads a page. If it is empty, all events up to the head read with it have been
	 * deleted.
	 */
	private void readPage(long position) {
		try {
			if (!this.closed) {
				Known before = this.feed.known();
				StoredPage read = this.services.log()
					.storedPage(this.sessionId, position, this.services.settings().pageSize())
					.orElse(null);
				if (read == null) {
					this.feed.missing(before);
				}
				else if (this.feed.advanceTo(before, new Known(read.head(), read.forks()))) {
					read.decoding().execute(() -> take(position, read));
					return;
				}
			}
		}
		catch (EventLogUnavailableException ex) {
			readLater(position, ex);
			return;
		}
		catch (Throwable ex) {
			this.failure = ex;
		}
		finished();
	}

	private void take(long position, StoredPage read) {
		try {
			LogPage decoded = read.decode();
			this.page.addAll(decoded.events());
			this.budget.consume(Rate.REPLAY, decoded.events().stream().mapToLong(PageReader::lengthOf).sum());
			this.skippedTo = decoded.events().isEmpty() ? decoded.head() : 0;
		}
		catch (EventLogUnavailableException ex) {
			readLater(position, ex);
			return;
		}
		catch (Throwable ex) {
			this.failure = ex;
		}
		finished();
	}

	private void readLater(long position, EventLogUnavailableException cause) {
		logger.debug("Session " + this.sessionId + " cannot be read yet; will retry", cause);
		this.services.workers().clock().after(RETRY_DELAY, "Reading a session again", () -> readAgain(position));
	}

	private void readAgain(long position) {
		try {
			execute(position);
		}
		catch (Throwable ex) {
			this.failure = ex;
			finished();
		}
	}

	private void finished() {
		this.reading = false;
		this.onRead.run();
	}

}
