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
 * A connection's place in its session's log, and what follows it: from the session's feed
 * or, when the cursor is behind that, from the log, read page by page. When it reaches
 * what the log held when the client came, the client is sent {@code replay_complete}.
 * Deltas that are not new are merged. Used by the connection's loop, unless a method says
 * otherwise.
 * <p>
 * Longer than most classes, since all of it moves one position.
 */
final class LogCursor {

	private static final int MOST_ATTEMPTS_TO_OPEN = 3;

	private final ConnectionServices services;

	private final OpenedSession session;

	private final SessionFeed feed;

	private final Runnable onChange;

	private final PageReader pages;

	private final ReplayTracker replay;

	private final Function<SessionEvent, String> writeLive;

	private final AtomicReference<@Nullable Rewind> rewind = new AtomicReference<>();

	/**
	 * The last event that was taken. Written by the loop.
	 */
	private volatile long position;

	/**
	 * The history that the client knows its events to be part of.
	 */
	private Forks told;

	/**
	 * Whether there was nothing to take.
	 */
	private boolean atEnd;

	/**
	 * Whether the client has asked to continue after an event of another history.
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
		this.told = session.forks();
		this.position = session.cursor();
	}

	/**
	 * Opens a session. Its feed is joined before the log is looked at, so that no event
	 * can slip through between the two. If that feed turns out to be one of another
	 * history, the session is opened once more. Blocks until Postgres answers.
	 * @param onChange is run when there is something to take, on any thread
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	static LogCursor open(ConnectionServices services, Handshake handshake, UserBudget budget, Runnable onChange) {
		for (int attempt = 1; attempt <= MOST_ATTEMPTS_TO_OPEN; attempt++) {
			LogCursor cursor = openOnce(services, handshake, budget, onChange);
			if (!cursor.hasDiverged()) {
				return cursor;
			}
			cursor.close();
		}
		throw new EventLogUnavailableException("The history of the log has changed while the session was opened");
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
	 * Returns the last event that was taken. Any thread.
	 */
	long position() {
		return this.position;
	}

	OpenedSession session() {
		return this.session;
	}

	/**
	 * Returns whether a page is being read; nothing can be taken then. Any thread.
	 */
	boolean isReading() {
		return this.pages.isReading();
	}

	/**
	 * Returns whether the client was sent what the log held when it came, and nothing has
	 * to be read from the log for it.
	 */
	boolean hasCaughtUp() {
		return !this.replay.isActive() && !isReading() && this.pages.isEmpty();
	}

	/**
	 * Returns whether the log has another history than what was taken, or than what the
	 * client has. Any thread.
	 */
	boolean hasDiverged() {
		return this.diverged || this.feed.diverged();
	}

	/**
	 * Returns whether the last {@link #take} has found nothing more to send, in memory or
	 * in the log.
	 */
	boolean isAtEnd() {
		return this.atEnd;
	}

	/**
	 * Returns why the next event cannot be sent. Any thread.
	 * @return the failure; null if it can, as far as it is known
	 */
	@Nullable PayloadCodecException undecodable() {
		return (this.pages.failure() instanceof PayloadCodecException failure) ? failure : null;
	}

	/**
	 * Returns whether the session is closed, and all of it was taken.
	 */
	boolean hasEnded() {
		return !isReading() && this.pages.isEmpty() && this.rewind.get() == null && this.feed.endsAt(this.position);
	}

	/**
	 * Notes that the session was closed, perhaps on another node whose signal has not
	 * come yet. Any thread.
	 * @param lastEventId its last event
	 */
	void sessionClosed(long lastEventId) {
		this.feed.closed(lastEventId);
	}

	/**
	 * Moves back, or forward, to just after an event. Any thread.
	 */
	void rewind(long lastEventId, @Nullable Forks epoch) {
		this.rewind.set(new Rewind(lastEventId, epoch));
		this.onChange.run();
	}

	/**
	 * Takes what follows.
	 * @param messages the texts to send are added here
	 * @param characters length after which to stop
	 * @throws IllegalStateException if the log could not be read for another reason than
	 * that Postgres does not answer
	 */
	void take(List<String> messages, long characters) {
		this.atEnd = false;
		if (isReading() || undecodable() != null) {
			return;
		}
		if (this.pages.failure() != null) {
			throw new IllegalStateException("The log could not be read", this.pages.failure());
		}
		takeRewind();
		if (hasDiverged()) {
			this.onChange.run();
			return;
		}
		if (!this.pages.isEmpty()) {
			tellEpoch(messages);
			send(merge(this.pages.take(characters), true), true, messages);
			return;
		}
		this.position = Math.max(this.position, this.pages.skippedTo());
		List<FeedEntry> recent = limit(this.feed.after(this.position, characters), characters);
		tellEpoch(messages);
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
	 * Leaves the session's feed. Any thread.
	 */
	void close() {
		this.pages.close();
		this.services.feeds().leave(this.session.sessionId(), this.onChange);
	}

	/**
	 * Tells the client that its history continues under another epoch, before any event
	 * of that. The feed was asked for the events, or given the state of the page, before.
	 */
	private void tellEpoch(List<String> messages) {
		Forks now = this.feed.forks();
		if (!now.equals(this.told)) {
			messages.add(this.services.writer().write(new SessionEpoch(now.text(), this.told.sharedWith(now))));
			this.told = now;
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
	 * Merges deltas, but not those that the client waits for live, and not across the end
	 * of the replay: a delta that is neither replayed nor live cannot be sent.
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
	 * The feed stops by the length of the payloads.
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
	 * Where a client asks to continue.
	 *
	 * @param lastEventId the last event that it has processed
	 * @param epoch the history that the event is part of; null if the client does not say
	 */
	private record Rewind(long lastEventId, @Nullable Forks epoch) {

	}

}
