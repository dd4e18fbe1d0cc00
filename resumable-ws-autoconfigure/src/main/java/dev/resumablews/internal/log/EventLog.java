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
 * The log of all sessions. Safe for use by many threads. The methods that read block
 * until Postgres answers, and throw {@link EventLogUnavailableException} if it does not.
 */
public interface EventLog {

	/**
	 * Returns the converter of stored payloads. If payloads are encoded, appends and
	 * reads call application code on the caller's thread.
	 * @return the converter
	 */
	default StoredPayloads payloads() {
		return StoredPayloads.PLAIN;
	}

	/**
	 * Stores an event. Does not block unless payloads are encoded. Events of one session
	 * are stored in the order of the calls.
	 * @param request the event
	 * @return a future that completes when the event is durable and the local connections
	 * have been woken; its callbacks run on the writer's thread and must be fast. Fails
	 * with {@link UnknownSessionException}; with {@link EventLogUnavailableException} if
	 * the event has waited too long or the queue is full; or with
	 * {@link PayloadCodecException}. Is cancelled if a late-bound payload is empty
	 */
	default CompletableFuture<AppendResult> append(AppendRequest request) {
		return append(request, (stored) -> {
		});
	}

	/**
	 * Stores an event like {@link #append(AppendRequest)}, and also reports an event that
	 * was stored after its append was rejected: an event that is being written when its
	 * time-out expires is rejected but may still be stored.
	 * @param request the event
	 * @param onStored called once if the event is stored and is no duplicate; runs on the
	 * writer's thread before the returned future completes
	 * @return as for {@link #append(AppendRequest)}
	 */
	CompletableFuture<AppendResult> append(AppendRequest request, Consumer<AppendResult> onStored);

	/**
	 * Reads a session's events in order. May return fewer events than available, but
	 * returns none only if there are none.
	 * @param sessionId the session
	 * @param afterEventId the id after which to start
	 * @param limit maximum number of events
	 * @return the events
	 */
	List<SessionEvent> read(UUID sessionId, long afterEventId, int limit);

	/**
	 * Reads a session's events like {@link #read}, together with the state of the log.
	 * @param sessionId the session
	 * @param afterEventId the id after which to start
	 * @param limit maximum number of events
	 * @return the page; empty if the session does not exist
	 */
	Optional<LogPage> page(UUID sessionId, long afterEventId, int limit);

	/**
	 * Reads a page like {@link #page} without decoding its events, because a codec may
	 * block for any time.
	 * @param sessionId the session
	 * @param afterEventId the id after which to start
	 * @param limit maximum number of events
	 * @return the page; empty if the session does not exist
	 */
	default Optional<StoredPage> storedPage(UUID sessionId, long afterEventId, int limit) {
		return page(sessionId, afterEventId, limit)
			.map((page) -> new StoredPage(page, StoredPayloads.PLAIN, Long.MAX_VALUE));
	}

	/**
	 * Reads the newest messages of a conversation: the answers so far and the user's
	 * messages up to a given one. That message comes last, and is returned regardless of
	 * its length.
	 * @param sessionId the session
	 * @param lastUserMessage event id of the user message that comes last
	 * @param maxMessages maximum number of messages
	 * @param maxCharacters maximum total length of the messages in UTF-16 units, unless
	 * the last one alone is longer
	 * @return the messages, oldest first
	 */
	List<ConversationMessage> conversation(UUID sessionId, long lastUserMessage, int maxMessages, int maxCharacters);

	/**
	 * Opens a session for a client: the requested one if the client may access it,
	 * otherwise a new one.
	 * @param sessionId the requested session; null for a new one
	 * @param newSessionId the id of a new session, if one is created
	 * @param userId the user
	 * @param lastEventId the last event the client has processed
	 * @param forks the history that the client has processed; null if the client did not
	 * send it
	 * @return the session
	 * @throws BudgetExceededException if a new session is needed and the user has reached
	 * the limit of open sessions
	 */
	OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId,
			@Nullable Forks forks);

	/**
	 * Opens a session like {@link #open(UUID, UUID, String, long, Forks)} for a client
	 * that did not send its history.
	 */
	default OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId) {
		return open(sessionId, newSessionId, userId, lastEventId, null);
	}

	/**
	 * Finds an open or closed session.
	 * @param sessionId the session
	 * @return the session; empty if it does not exist
	 */
	Optional<SessionSummary> find(UUID sessionId);

	/**
	 * Returns whether the current thread is a writer's thread, which must not wait for an
	 * append.
	 * @return whether it does
	 */
	default boolean isWriterThread() {
		return false;
	}

	/**
	 * Waits until all events appended so far are stored.
	 * @param timeout maximum time to wait
	 * @return whether all of them are stored
	 */
	boolean flush(Duration timeout);

}
