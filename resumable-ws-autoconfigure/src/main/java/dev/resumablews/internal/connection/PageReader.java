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
 * Reads pages of a session's log on a thread that may wait for Postgres, one at a time,
 * and for as long as it takes while Postgres does not answer. Used by the connection's
 * loop, unless a method says otherwise; the reading task has the page to itself while
 * {@link #isReading()}.
 */
final class PageReader {

	private static final Log logger = LogFactory.getLog(PageReader.class);

	/**
	 * Length of what surrounds a payload.
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
	 * Returns whether a page is being read; nothing else may be called then. Any thread.
	 */
	boolean isReading() {
		return this.reading;
	}

	/**
	 * Returns why the log cannot be read.
	 * @return the failure; null while it can, and while Postgres does not answer
	 */
	@Nullable Throwable failure() {
		return this.failure;
	}

	boolean isEmpty() {
		return this.page.isEmpty();
	}

	/**
	 * Returns an event up to which there is nothing to read any more: deltas of finished
	 * replies, or what was too old.
	 * @return its id; 0 if the last page had events
	 */
	long skippedTo() {
		return this.skippedTo;
	}

	/**
	 * Forgets what was read.
	 */
	void clear() {
		this.page.clear();
		this.skippedTo = 0;
	}

	/**
	 * Begins to read a page.
	 * @param position the event after which to start
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
	 * Takes events of the page.
	 * @param characters length after which to stop
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
	 * Returns about how long an event is when it is sent. Deltas are merged, so that what
	 * surrounds the payload does not count.
	 */
	static long lengthOf(SessionEvent event) {
		return event.payload().length() + (event.type().equals("assistant_delta") ? 0 : ENVELOPE);
	}

	/**
	 * Stops reading. Any thread.
	 */
	void close() {
		this.closed = true;
	}

	/**
	 * Reads at once, or when the user's budget allows it.
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
	 * When there is no event in the page, all up to the head that was read with it is
	 * gone.
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
		logger.debug("Session " + this.sessionId + " cannot be read yet", cause);
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
