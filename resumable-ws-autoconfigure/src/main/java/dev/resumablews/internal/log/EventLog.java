package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import dev.resumablews.ConversationMessage;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.SessionEvent;
import dev.resumablews.SessionSummary;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.codec.StoredPayloads;
import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;

/**
 * The log of every session. Safe for use by many threads. The methods that read block
 * until Postgres answers, and throw {@link EventLogUnavailableException} when it does
 * not.
 */
public interface EventLog {

	/**
	 * Returns the form in which payloads are stored. If they are encoded, appends call
	 * code of the application on the caller's thread, and reads do, too.
	 * @return the form
	 */
	default StoredPayloads payloads() {
		return StoredPayloads.PLAIN;
	}

	/**
	 * Stores an event. Does not block, unless payloads are encoded. Drafts of one session
	 * that are appended one after the other are stored in that order.
	 * @param request the event
	 * @return completes when the event is durable, and the clients of this node have been
	 * woken; its callbacks run on the thread that writes the log and must be fast. Fails
	 * with {@link UnknownSessionException}, or with {@link EventLogUnavailableException}
	 * when the event waited too long or too many wait already, or with
	 * {@link PayloadCodecException}. Is cancelled when the draft had nothing to say
	 */
	default CompletableFuture<AppendResult> append(AppendRequest request) {
		return append(request, (stored) -> {
		});
	}

	/**
	 * Stores an event as {@link #append(AppendRequest)} does, and tells also when it was
	 * stored after it had been refused: what is being written when its time is over is
	 * refused, and may be stored all the same.
	 * @param request the event
	 * @param onStored is told once if, and when, the event was stored and is no
	 * duplicate; on the thread that writes the log, before the returned future is
	 * completed
	 * @return as for {@link #append(AppendRequest)}
	 */
	CompletableFuture<AppendResult> append(AppendRequest request, Consumer<AppendResult> onStored);

	/**
	 * Reads a session's events in order. May return fewer than there are, but none only
	 * if there is none.
	 * @param sessionId the session
	 * @param afterEventId the id after which to start
	 * @param limit how many to return at most
	 * @return the events
	 */
	List<SessionEvent> read(UUID sessionId, long afterEventId, int limit);

	/**
	 * Reads a session's events as {@link #read} does, together with the state of the log
	 * that they are part of.
	 * @param sessionId the session
	 * @param afterEventId the id after which to start
	 * @param limit how many events to return at most
	 * @return the page; empty if there is no such session
	 */
	Optional<LogPage> page(UUID sessionId, long afterEventId, int limit);

	/**
	 * Reads a page as {@link #page} does, without decoding its events: that may take as
	 * long as the application wants.
	 * @param sessionId the session
	 * @param afterEventId the id after which to start
	 * @param limit how many events to return at most
	 * @return the page; empty if there is no such session
	 */
	default Optional<StoredPage> storedPage(UUID sessionId, long afterEventId, int limit) {
		return page(sessionId, afterEventId, limit)
			.map((page) -> new StoredPage(page, StoredPayloads.PLAIN, Long.MAX_VALUE));
	}

	/**
	 * Reads the newest messages of a conversation: the answers so far, and what the user
	 * said up to a message, which comes last, and is returned however long it is.
	 * @param sessionId the session
	 * @param lastUserMessage event id of the user message that comes last
	 * @param maxMessages how many messages to return at most
	 * @param maxCharacters UTF-16 units that all messages have together at most, unless
	 * the last one alone has more
	 * @return the messages, oldest first
	 */
	List<ConversationMessage> conversation(UUID sessionId, long lastUserMessage, int maxMessages, int maxCharacters);

	/**
	 * Opens a session for a client: the one it asks for, if it may, or a new one.
	 * @param sessionId the session asked for; null for a new one
	 * @param newSessionId the id of a new session, if one is needed
	 * @param userId the user
	 * @param lastEventId the last event the client has processed
	 * @param forks the history that the client has processed; null if it does not say
	 * @return the session
	 * @throws BudgetExceededException if a new one is needed, and the user has as many
	 * open sessions as a user may have
	 */
	OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId,
			@Nullable Forks forks);

	/**
	 * Opens a session as {@link #open(UUID, UUID, String, long, Forks) the other method}
	 * does for a client that does not name its history.
	 */
	default OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId) {
		return open(sessionId, newSessionId, userId, lastEventId, null);
	}

	/**
	 * Finds a session, open or closed.
	 * @param sessionId the session
	 * @return the session, if there is one
	 */
	Optional<SessionSummary> find(UUID sessionId);

	/**
	 * Returns whether the current thread writes the log, so that it must not wait for an
	 * append.
	 * @return whether it does
	 */
	default boolean isWriterThread() {
		return false;
	}

	/**
	 * Waits until all that was appended so far is stored.
	 * @param timeout how long to wait at most
	 * @return whether all is stored
	 */
	boolean flush(Duration timeout);

}
