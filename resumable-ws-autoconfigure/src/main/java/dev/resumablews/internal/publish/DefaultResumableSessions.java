package dev.resumablews.internal.publish;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import dev.resumablews.ClientMessage;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.SessionEvent;
import dev.resumablews.SessionSummary;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.ephemeral.EphemeralEvent;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Kind;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Recipient;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.QueuedAppend;
import dev.resumablews.internal.log.SessionTable;
import dev.resumablews.internal.presence.ConnectionTable;
import dev.resumablews.internal.presence.DisconnectKey;
import dev.resumablews.internal.presence.Disconnects;
import dev.resumablews.internal.protocol.Utf8;
import dev.resumablews.internal.protocol.WellFormed;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectWriter;

import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.util.Assert;

/**
 * Default {@link ResumableSessions}. Publishes within the current transaction if there is
 * one.
 */
final class DefaultResumableSessions implements ResumableSessions {

	private static final int MAX_LIMIT = 1000;

	private static final Set<String> CONTROL_TYPES = Set.of("session_init", "replay_complete", "pong", "ack", "auth_ok",
			"error", "server_restarting", "session_epoch", "presence");

	/**
	 * Types that clients would treat as a part of the log.
	 */
	private static final Set<String> DURABLE_TYPES = Set.of("user_message", "assistant_started", "assistant_delta",
			"assistant_message", "assistant_failed");

	private final EventLog log;

	private final FutureCompleter futures;

	private final TransactionTracker transactions;

	private final TransactionalStore store;

	private final UserPublisher users;

	private final SessionTable sessions;

	private final SessionFeeds feeds;

	private final ConnectionTable live;

	private final EphemeralEvents ephemerals;

	private final SessionEraser eraser;

	private final Disconnects disconnects;

	private final ResumableWsListener listener;

	private final ObjectWriter json;

	private final long maxEventBytes;

	DefaultResumableSessions(EventLog log, FutureCompleter futures, TransactionTracker transactions,
			TransactionalStore store, UserPublisher users, SessionTable sessions, SessionFeeds feeds,
			ConnectionTable live, EphemeralEvents ephemerals, SessionEraser eraser, Disconnects disconnects,
			ResumableWsListener listener, ObjectWriter json, long maxEventBytes) {
		this.log = log;
		this.futures = futures;
		this.transactions = transactions;
		this.store = store;
		this.users = users;
		this.sessions = sessions;
		this.feeds = feeds;
		this.live = live;
		this.ephemerals = ephemerals;
		this.eraser = eraser;
		this.disconnects = disconnects;
		this.listener = listener;
		this.json = json;
		this.maxEventBytes = maxEventBytes;
	}

	@Override
	public void publish(UUID sessionId, String type, Object payload) {
		AppendRequest draft = AppendRequest.of(sessionId, checkedType(type), serialize(payload));
		TransactionalPublisher transaction = this.transactions.current();
		if (transaction == null) {
			checkThread();
			await(this.log.append(draft));
		}
		else if (transaction.closes(sessionId)) {
			throw new UnknownSessionException(sessionId);
		}
		else {
			append(transaction, draft, true);
		}
	}

	@Override
	public CompletableFuture<Long> publishAsync(UUID sessionId, String type, Object payload) {
		AppendRequest draft = AppendRequest.of(sessionId, checkedType(type), serialize(payload));
		return this.futures.complete(() -> this.log.append(draft), AppendResult::eventId);
	}

	@Override
	public int publishToUser(String userId, String type, Object payload) {
		String checked = checkedType(type);
		String text = serialize(payload);
		TransactionalPublisher transaction = this.transactions.current();
		if (transaction == null) {
			checkThread();
			return this.users.publish(userId, checked, text);
		}
		List<UUID> left = this.users.find(userId)
			.stream()
			.filter((sessionId) -> !transaction.closes(sessionId))
			.toList();
		left.forEach((sessionId) -> append(transaction, AppendRequest.of(sessionId, checked, text), false));
		return left.size();
	}

	@Override
	public void sendEphemeral(UUID sessionId, String type, Object payload) {
		sendEphemeral(new Recipient(Kind.SESSION, sessionId), null, type, payload);
	}

	@Override
	public void sendEphemeralToUser(String userId, String type, Object payload) {
		sendEphemeral(new Recipient(Kind.USER, DisconnectKey.ofUser(userId)), null, type, payload);
	}

	@Override
	public void sendEphemeralToOthers(ClientMessage message, Object payload) {
		sendEphemeral(new Recipient(Kind.SESSION, message.sessionId()), message.connectionId(), message.type(),
				payload);
	}

	@Override
	public Optional<SessionSummary> find(UUID sessionId) {
		return this.sessions.find(sessionId);
	}

	@Override
	public List<SessionSummary> list(String userId, int limit) {
		return this.sessions.list(userId, checkedLimit(limit));
	}

	@Override
	public List<SessionEvent> history(UUID sessionId, long afterEventId, int limit) {
		Assert.isTrue(afterEventId >= 0, () -> "An event id must not be negative: " + afterEventId);
		return this.log.read(sessionId, afterEventId, checkedLimit(limit));
	}

	@Override
	public int connectionCount(String userId) {
		return this.live.count(userId);
	}

	@Override
	public long storedBytes(String userId) {
		return this.sessions.storedBytes(userId);
	}

	@Override
	public boolean close(UUID sessionId) {
		TransactionalPublisher transaction = this.transactions.current();
		if (transaction == null) {
			OptionalLong last = this.sessions.close(sessionId);
			last.ifPresent((lastEventId) -> this.feeds.closed(sessionId, lastEventId));
			return last.isPresent();
		}
		if (transaction.closes(sessionId) || find(sessionId).filter((session) -> !session.closed()).isEmpty()) {
			return false;
		}
		transaction.add(new Operation.Close(sessionId), this.store);
		return true;
	}

	@Override
	public void disconnect(String userId) {
		disconnect(DisconnectKey.ofUser(userId));
	}

	@Override
	public void disconnectToken(String tokenId) {
		disconnect(DisconnectKey.ofToken(tokenId));
	}

	@Override
	public boolean erase(UUID sessionId) {
		checkThread();
		List<String> users = this.eraser.erase(sessionId);
		users.forEach((userId) -> this.listener
			.onSecurityEvent(new SecurityEvent(SecurityEvent.Kind.ERASED, userId, null, "session")));
		return !users.isEmpty();
	}

	@Override
	public int erase(String userId) {
		checkThread();
		this.disconnects.add(DisconnectKey.ofUser(userId));
		int sessions = this.eraser.eraseAll(userId);
		this.listener.onSecurityEvent(new SecurityEvent(SecurityEvent.Kind.ERASED, userId, null, "user"));
		return sessions;
	}

	/**
	 * Disconnects after the commit, because until then the client could reconnect with
	 * the credentials that the transaction revokes.
	 */
	private void disconnect(UUID key) {
		if (this.transactions.current() == null) {
			this.disconnects.add(key);
			return;
		}
		TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

			@Override
			public void afterCommit() {
				DefaultResumableSessions.this.disconnects.add(key);
			}

		});
	}

	private void append(TransactionalPublisher transaction, AppendRequest draft, boolean required) {
		transaction.add(
				new Operation.Append(new QueuedAppend(draft.encoded(this.log.payloads()), System.nanoTime()), required),
				this.store);
	}

	private void sendEphemeral(Recipient recipient, @Nullable UUID except, String type, Object payload) {
		if (DURABLE_TYPES.contains(type)) {
			throw new IllegalArgumentException(
					"Events of type '%s' are stored and cannot be ephemeral".formatted(type));
		}
		this.ephemerals.send(new EphemeralEvent(recipient, except, checkedType(type), serialize(payload)));
	}

	private String serialize(Object payload) {
		String text;
		try {
			text = this.json.writeValueAsString(payload);
		}
		catch (JacksonException ex) {
			throw new IllegalArgumentException("The payload cannot be written as JSON: " + ex.getOriginalMessage(), ex);
		}
		if (!text.startsWith("{")) {
			throw new IllegalArgumentException("The payload must be serialized to a JSON object, but a %s is not"
				.formatted((payload != null) ? payload.getClass().getName() : null));
		}
		text = WellFormed.unicode(text);
		long bytes = Utf8.length(text);
		if (bytes > this.maxEventBytes) {
			throw new IllegalArgumentException(
					"The payload has %d bytes, but resumable-ws.log.max-event-size allows at most %d".formatted(bytes,
							this.maxEventBytes));
		}
		// within strings, line breaks are escaped; any other would end the frame's line
		return text.replace('\n', ' ').replace('\r', ' ');
	}

	private static String checkedType(String type) {
		if (!EphemeralEvent.isType(type) || CONTROL_TYPES.contains(type)) {
			throw new IllegalArgumentException(
					("The event type '%s' must consist of a lower-case letter followed by up to 63 letters, "
							+ "digits, '.', '_' or '-', and must not be one of %s")
						.formatted(type, CONTROL_TYPES));
		}
		return type;
	}

	private static int checkedLimit(int limit) {
		Assert.isTrue(limit >= 1 && limit <= MAX_LIMIT,
				() -> "The limit must be from 1 to %d, not %d".formatted(MAX_LIMIT, limit));
		return limit;
	}

	private void checkThread() {
		Assert.state(!this.log.isWriterThread(),
				"A thread that writes the log cannot publish, because it would wait for itself");
	}

	/**
	 * Waits without a timeout, because the log rejects appends that wait too long.
	 */
	private static void await(CompletableFuture<AppendResult> append) {
		try {
			append.join();
		}
		catch (CompletionException ex) {
			if (ex.getCause() instanceof RuntimeException cause) {
				throw cause;
			}
			throw ex;
		}
	}

}
