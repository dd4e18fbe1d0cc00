package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.log.OpenedSession;
import dev.resumablews.internal.protocol.ServerMessage.ReplayComplete;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A connection's place in its session's log, and what follows it: from the session's feed
 * or, when the cursor is behind that, from the log, read page by page on a thread that
 * may block. When it reaches what the log held when the client came, the client is told
 * so. Deltas that are not news are merged. Used by the connection's loop, unless a method
 * says otherwise.
 */
final class LogCursor {

	private static final Log logger = LogFactory.getLog(LogCursor.class);

	private static final Duration READ_AGAIN_AFTER = Duration.ofMillis(250);

	private final ConnectionServices services;

	private final OpenedSession session;

	private final SessionFeed feed;

	private final Runnable onNews;

	private final Function<SessionEvent, String> writeLive;

	/**
	 * Events that were read from the log. Touched by the reading task while
	 * {@link #reading} is set, and by nobody else then.
	 */
	private final Deque<SessionEvent> page = new ArrayDeque<>(1);

	private final AtomicReference<@Nullable Long> rewind = new AtomicReference<>();

	/**
	 * The last event that was taken. Touched by the reading task while {@link #reading}
	 * is set.
	 */
	private long position;

	/**
	 * The newest event of the log when the client came, or resumed.
	 */
	private long replayHead;

	private long replayed;

	private boolean replaying = true;

	/**
	 * Set by the loop, cleared by the reading task.
	 */
	private volatile boolean reading;

	/**
	 * Set by the reading task when it will never be able to read.
	 */
	private volatile @Nullable RuntimeException failure;

	private volatile boolean closed;

	private LogCursor(ConnectionServices services, OpenedSession session, SessionFeed feed, Runnable onNews) {
		this.services = services;
		this.session = session;
		this.feed = feed;
		this.onNews = onNews;
		this.writeLive = (event) -> services.writer().write(event, false);
		this.position = session.cursor();
		this.replayHead = session.lastEventId();
	}

	/**
	 * Opens a session. Its feed is joined before the log is looked at, so that no event
	 * can slip through between the two. Blocks until Postgres answers.
	 * @param onNews is run when there is something to take, on any thread
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	static LogCursor open(ConnectionServices services, Handshake handshake, Runnable onNews) {
		UUID fresh = UUID.randomUUID();
		UUID asked = (handshake.sessionId() != null) ? handshake.sessionId() : fresh;
		SessionFeed feed = services.feeds().join(asked, onNews);
		SessionFeed freshFeed = asked.equals(fresh) ? feed : services.feeds().join(fresh, onNews);
		UUID opened = null;
		try {
			OpenedSession session = services.log()
				.open(handshake.sessionId(), fresh, handshake.user().userId(), handshake.lastEventId());
			opened = session.sessionId();
			LogCursor cursor = new LogCursor(services, session, opened.equals(fresh) ? freshFeed : feed, onNews);
			cursor.feed.reaches(session.lastEventId());
			return cursor;
		}
		finally {
			if (!asked.equals(opened)) {
				services.feeds().leave(asked, onNews);
			}
			if (!fresh.equals(opened) && !fresh.equals(asked)) {
				services.feeds().leave(fresh, onNews);
			}
		}
	}

	OpenedSession session() {
		return this.session;
	}

	/**
	 * Whether a page is being read; nothing can be taken then. Any thread.
	 */
	boolean reading() {
		return this.reading;
	}

	/**
	 * Whether the session is closed, and all of it was taken.
	 */
	boolean ended() {
		return !this.reading && this.page.isEmpty() && this.rewind.get() == null && this.feed.endsAt(this.position);
	}

	/**
	 * Goes back, or forward, to just after an event. Any thread.
	 */
	void rewind(long lastEventId) {
		this.rewind.set(lastEventId);
		this.onNews.run();
	}

	/**
	 * Takes what follows, as far as it may be sent together.
	 * @param messages the texts to send are added here
	 * @throws RuntimeException if the log could not be read for another reason than that
	 * Postgres is away
	 */
	void take(List<String> messages) {
		if (this.reading) {
			return;
		}
		if (this.failure != null) {
			throw this.failure;
		}
		takeRewind();
		if (!this.page.isEmpty()) {
			send(merge(takeFromPage(), true), true, messages);
			return;
		}
		List<SessionFeed.Recent> news = this.feed.after(this.position, this.services.settings().maxSendCharacters());
		if (news == null) {
			this.reading = true;
			this.services.workers().blocking().execute(this::readPage);
		}
		else if (this.replaying) {
			send(merge(news.stream().map(SessionFeed.Recent::event).toList(), false), false, messages);
		}
		else if (!news.isEmpty()) {
			news.forEach((recent) -> messages.add(this.feed.text(recent, this.writeLive)));
			this.position = news.get(news.size() - 1).event().id();
			sent(news.size(), false);
		}
	}

	private void send(List<SessionEvent> events, boolean fromLog, List<String> messages) {
		for (SessionEvent event : events) {
			boolean replay = event.id() <= this.replayHead;
			if (!replay) {
				completeReplay(messages);
			}
			messages.add(this.services.writer().write(event, replay));
			this.replayed += replay ? 1 : 0;
			this.position = event.id();
		}
		if (this.position >= this.replayHead) {
			completeReplay(messages);
		}
		if (!events.isEmpty()) {
			sent(events.size(), fromLog);
		}
	}

	private void sent(int count, boolean fromLog) {
		this.services.listener().onEventsSent(count, fromLog);
	}

	/**
	 * Merges deltas, but not those that the client waits for live, and not across the end
	 * of the replay: a delta that is neither replayed nor live cannot be sent.
	 */
	private List<SessionEvent> merge(List<SessionEvent> events, boolean fromLog) {
		int end = 0;
		while (end < events.size() && events.get(end).id() <= this.replayHead) {
			end++;
		}
		List<SessionEvent> merged = this.services.merger().merge(events.subList(0, end));
		List<SessionEvent> later = events.subList(end, events.size());
		merged.addAll(fromLog ? this.services.merger().merge(later) : later);
		return merged;
	}

	/**
	 * Leaves the session's feed. Any thread.
	 */
	void close() {
		this.closed = true;
		this.services.feeds().leave(this.session.sessionId(), this.onNews);
	}

	private void takeRewind() {
		Long lastEventId = this.rewind.getAndSet(null);
		if (lastEventId != null) {
			this.position = lastEventId;
			this.page.clear();
			this.replayHead = Math.max(this.replayHead, this.feed.last());
			this.replayed = 0;
			this.replaying = true;
		}
	}

	private void completeReplay(List<String> messages) {
		if (this.replaying) {
			this.replaying = false;
			messages.add(this.services.writer().write(new ReplayComplete(this.replayHead, this.replayed)));
		}
	}

	private List<SessionEvent> takeFromPage() {
		List<SessionEvent> events = new ArrayList<>();
		long length = 0;
		while (!this.page.isEmpty() && length < this.services.settings().maxSendCharacters()) {
			SessionEvent event = this.page.removeFirst();
			length += event.payload().length();
			events.add(event);
		}
		return events;
	}

	/**
	 * Reads a page. When there is none, all up to the head that was known before is known
	 * not to be there any more: deltas of finished replies, or what was too old.
	 */
	private void readPage() {
		if (this.closed) {
			return;
		}
		long head = this.feed.last();
		try {
			this.page.addAll(this.services.log()
				.read(this.session.sessionId(), this.position, this.services.settings().pageSize()));
			if (this.page.isEmpty()) {
				this.position = Math.max(this.position, head);
			}
			this.reading = false;
			this.onNews.run();
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Session " + this.session.sessionId() + " cannot be read yet", ex);
			this.services.workers()
				.later(READ_AGAIN_AFTER, () -> this.services.workers().blocking().execute(this::readPage));
		}
		catch (RuntimeException ex) {
			this.failure = ex;
			this.reading = false;
			this.onNews.run();
		}
	}

}
