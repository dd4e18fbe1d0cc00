package dev.resumablews.internal.connection;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.feed.FeedEntry;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.feed.SessionFeed.Known;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.log.OpenedSession;
import dev.resumablews.internal.protocol.ServerMessage.ReplayComplete;
import dev.resumablews.internal.protocol.ServerMessage.SessionEpoch;
import org.jspecify.annotations.Nullable;

/**
 * A connection's position in its session's log, and the source of the events after it:
 * the session's feed, or pages of the log while the cursor is behind the feed. When the
 * cursor reaches the head that the log had when the client connected, the client is sent
 * {@code replay_complete}. Deltas are merged unless they are live. Used by the
 * connection's loop unless stated otherwise.
 * <p>
 * Longer than most classes, because every part moves the same position.
 */
final class LogCursor {

	private static final int MAX_OPEN_ATTEMPTS = 3;

	private final ConnectionServices services;

	private final OpenedSession session;

	private final SessionFeed feed;

	private final Runnable onChange;

	private final PageReader pages;

	private final ReplayTracker replay;

	private final Function<SessionEvent, String> writeLive;

	private final AtomicReference<@Nullable Rewind> rewind = new AtomicReference<>();

	/**
	 * The last event taken. Written by the loop.
	 */
	private volatile long position;

	/**
	 * The history last announced to the client.
	 */
	private Forks announced;

	/**
	 * Whether the last {@link #take} found no events.
	 */
	private boolean atEnd;

	/**
	 * Whether the client asked to resume after an event of another history.
	 */
	private volatile boolean diverged;

	private LogCursor(ConnectionServices services, OpenedSession session, SessionFeed feed, UserBudget budget,
			Runnable onChange) {
		this.services = services;
		this.session = session;
		this.feed = feed;
		this.onChange = onChange;
		this.pages = new PageReader(services, session.sessionId(), feed, budget, onChange);
		this.replay = new ReplayTracker(session.lastEventId());
		this.writeLive = (event) -> services.writer().write(event, false);
		this.announced = session.forks();
		this.position = session.cursor();
	}

	/**
	 * Opens a session. Its feed is joined before the log is read, so that no event is
	 * missed in between. If the feed turns out to belong to another history, opening is
	 * retried. Blocks until Postgres answers.
	 * @param onChange called on any thread when there may be something to take
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	static LogCursor open(ConnectionServices services, Handshake handshake, UserBudget budget, Runnable onChange) {
		for (int attempt = 1; attempt <= MAX_OPEN_ATTEMPTS; attempt++) {
			LogCursor cursor = openOnce(services, handshake, budget, onChange);
			if (!cursor.hasDiverged()) {
				return cursor;
			}
			cursor.close();
		}
		throw new EventLogUnavailableException("The history of the log changed while the session was being opened");
	}

	private static LogCursor openOnce(ConnectionServices services, Handshake handshake, UserBudget budget,
			Runnable onChange) {
		UUID fresh = UUID.randomUUID();
		UUID asked = (handshake.sessionId() != null) ? handshake.sessionId() : fresh;
		SessionFeed feed = services.feeds().join(asked, onChange);
		SessionFeed freshFeed = asked.equals(fresh) ? feed : services.feeds().join(fresh, onChange);
		Known before = feed.known();
		UUID opened = null;
		try {
			OpenedSession session = services.log()
				.open(handshake.sessionId(), fresh, handshake.user().userId(), handshake.lastEventId(),
						handshake.epoch());
			opened = session.sessionId();
			LogCursor cursor = new LogCursor(services, session, opened.equals(fresh) ? freshFeed : feed, budget,
					onChange);
			Known log = new Known(session.lastEventId(), session.forks());
			cursor.feed.advanceTo(opened.equals(asked) ? before : log, log);
			return cursor;
		}
		finally {
			if (!asked.equals(opened)) {
				services.feeds().leave(asked, onChange);
			}
			if (!fresh.equals(opened) && !fresh.equals(asked)) {
				services.feeds().leave(fresh, onChange);
			}
		}
	}

	/**
	 * Returns the last event taken. May be called by any thread.
	 */
	long position() {
		return this.position;
	}

	OpenedSession session() {
		return this.session;
	}

	/**
	 * Returns whether a page is being read, during which nothing can be taken. May be
	 * called by any thread.
	 */
	boolean isReading() {
		return this.pages.isReading();
	}

	/**
	 * Returns whether the replay is complete and no event has to be read from the log.
	 */
	boolean hasCaughtUp() {
		return !this.replay.isActive() && !isReading() && this.pages.isEmpty();
	}

	/**
	 * Returns whether the log's history differs from that of the events taken or of the
	 * client. May be called by any thread.
	 */
	boolean hasDiverged() {
		return this.diverged || this.feed.diverged();
	}

	/**
	 * Returns whether the last {@link #take} found nothing more to send, neither in
	 * memory nor in the log.
	 */
	boolean isAtEnd() {
		return this.atEnd;
	}

	/**
	 * Returns the failure that prevents sending the next event. May be called by any
	 * thread.
	 * @return the failure; null if none is known
	 */
	@Nullable PayloadCodecException undecodable() {
		return (this.pages.failure() instanceof PayloadCodecException failure) ? failure : null;
	}

	/**
	 * Returns whether the session is closed and all its events were taken.
	 */
	boolean hasEnded() {
		return !isReading() && this.pages.isEmpty() && this.rewind.get() == null && this.feed.endsAt(this.position);
	}

	/**
	 * Records that the session was closed, perhaps on another node whose signal has not
	 * arrived yet. May be called by any thread.
	 * @param lastEventId its last event
	 */
	void sessionClosed(long lastEventId) {
		this.feed.closed(lastEventId);
	}

	/**
	 * Moves the cursor backward or forward to an event. May be called by any thread.
	 */
	void rewind(long lastEventId, @Nullable Forks epoch) {
		this.rewind.set(new Rewind(lastEventId, epoch));
		this.onChange.run();
	}

	/**
	 * Takes the next messages.
	 * @param messages list to which they are added
	 * @param characters length at which to stop
	 * @throws IllegalStateException if reading the log failed for another reason than an
	 * unavailable Postgres
	 */
	void take(List<String> messages, long characters) {
		this.atEnd = false;
		if (isReading() || undecodable() != null) {
			return;
		}
		if (this.pages.failure() != null) {
			throw new IllegalStateException("Failed to read the log", this.pages.failure());
		}
		takeRewind();
		if (hasDiverged()) {
			this.onChange.run();
			return;
		}
		if (!this.pages.isEmpty()) {
			announceEpoch(messages);
			send(merge(this.pages.take(characters), true), true, messages);
			return;
		}
		this.position = Math.max(this.position, this.pages.skippedTo());
		List<FeedEntry> recent = limit(this.feed.after(this.position, characters), characters);
		announceEpoch(messages);
		this.atEnd = recent != null && recent.isEmpty();
		if (recent == null) {
			this.pages.read(this.position);
		}
		else if (this.replay.isActive()) {
			send(merge(recent.stream().map(FeedEntry::event).toList(), false), false, messages);
		}
		else if (!recent.isEmpty()) {
			recent.forEach((each) -> messages.add(this.feed.text(each, this.writeLive)));
			this.position = recent.get(recent.size() - 1).event().id();
			sent(recent.size(), false);
		}
	}

	/**
	 * Leaves the session's feed. May be called by any thread.
	 */
	void close() {
		this.pages.close();
		this.services.feeds().leave(this.session.sessionId(), this.onChange);
	}

	/**
	 * Announces that the history continues under another epoch, before the first event of
	 * that epoch. Called after the events or the state of the page were taken from the
	 * feed.
	 */
	private void announceEpoch(List<String> messages) {
		Forks now = this.feed.forks();
		if (!now.equals(this.announced)) {
			messages.add(this.services.writer().write(new SessionEpoch(now.text(), this.announced.sharedWith(now))));
			this.announced = now;
		}
	}

	private void send(List<SessionEvent> events, boolean fromLog, List<String> messages) {
		for (SessionEvent event : events) {
			boolean replayed = this.replay.covers(event.id());
			if (replayed) {
				this.replay.sent();
			}
			else {
				completeReplay(messages);
			}
			messages.add(this.services.writer().write(event, replayed));
			this.position = event.id();
		}
		if (!this.replay.covers(this.position + 1)) {
			completeReplay(messages);
		}
		if (!events.isEmpty()) {
			sent(events.size(), fromLog);
		}
	}

	private void sent(int count, boolean fromLog) {
		this.services.listener().onEventsSent(count, fromLog);
	}

	private void completeReplay(List<String> messages) {
		ReplayComplete complete = this.replay.complete();
		if (complete != null) {
			messages.add(this.services.writer().write(complete));
		}
	}

	/**
	 * Merges deltas, except live ones, and not across the end of the replay: a merged
	 * delta would be neither replayed nor live.
	 */
	private List<SessionEvent> merge(List<SessionEvent> events, boolean fromLog) {
		int end = 0;
		while (end < events.size() && this.replay.covers(events.get(end).id())) {
			end++;
		}
		List<SessionEvent> merged = this.services.merger().merge(events.subList(0, end));
		List<SessionEvent> later = events.subList(end, events.size());
		merged.addAll(fromLog ? this.services.merger().merge(later) : later);
		return merged;
	}

	/**
	 * Limits the length including envelopes. The feed only counts payloads.
	 */
	private static @Nullable List<FeedEntry> limit(@Nullable List<FeedEntry> recent, long characters) {
		if (recent == null || recent.size() <= 1) {
			return recent;
		}
		long length = 0;
		for (int i = 0; i < recent.size(); i++) {
			length += PageReader.lengthOf(recent.get(i).event());
			if (length >= characters) {
				return recent.subList(0, i + 1);
			}
		}
		return recent;
	}

	private void takeRewind() {
		Rewind rewind = this.rewind.getAndSet(null);
		if (rewind != null) {
			this.diverged = rewind.epoch() != null
					&& rewind.epoch().sharedWith(this.feed.forks()) < rewind.lastEventId();
			this.position = rewind.lastEventId();
			this.pages.clear();
			this.replay.restart(this.feed.last());
		}
	}

	/**
	 * A requested cursor.
	 *
	 * @param lastEventId the last event that the client has processed
	 * @param epoch the history that the event is part of; null if the client sent none
	 */
	private record Rewind(long lastEventId, @Nullable Forks epoch) {

	}

}
