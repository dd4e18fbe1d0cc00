package dev.resumablews.test;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.ClientMessage;
import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.SessionSummary;
import dev.resumablews.UnknownSessionException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Test double of {@link ResumableSessions} that keeps sessions and events in memory, for
 * unit tests without Spring and Postgres, and as a bean in tests with
 * {@code resumable-ws.enabled=false}.
 * <p>
 * It does not take part in transactions: an event is visible as soon as it is published,
 * and remains if the transaction rolls back. Unlike the real implementation, it accepts
 * every event type and any payload that Jackson serializes. Safe for use by many threads.
 */
public final class InMemoryResumableSessions implements ResumableSessions {

	private final JsonMapper json;

	private final Map<UUID, Session> sessions = new LinkedHashMap<>();

	private final Map<String, Integer> connections = new HashMap<>();

	private final List<EphemeralEvent> ephemerals = new ArrayList<>();

	private final List<String> disconnected = new ArrayList<>();

	/**
	 * Creates an empty instance that serializes payloads as Jackson does by default.
	 */
	public InMemoryResumableSessions() {
		this(JsonMapper.shared());
	}

	/**
	 * Creates an empty instance.
	 * @param json serializes payloads
	 */
	public InMemoryResumableSessions(JsonMapper json) {
		this.json = json;
	}

	/**
	 * Opens a session, as a client does when it connects for the first time.
	 * @param userId the client's user
	 * @return the session's id
	 */
	public synchronized UUID open(String userId) {
		UUID sessionId = UUID.randomUUID();
		this.sessions.put(sessionId, new Session(sessionId, userId));
		return sessionId;
	}

	/**
	 * Sets what {@link #connectionCount(String)} returns.
	 * @param userId the user
	 * @param count the number of connections, zero or more
	 */
	public synchronized void setConnectionCount(String userId, int count) {
		this.connections.put(userId, count);
	}

	/**
	 * Returns all events of a session.
	 * @param sessionId the session
	 * @return the events in order; empty if there is no such session
	 */
	public synchronized List<SessionEvent> events(UUID sessionId) {
		Session session = this.sessions.get(sessionId);
		return (session != null) ? List.copyOf(session.events) : List.of();
	}

	/**
	 * Returns the ephemeral events sent so far.
	 * @return the events in order
	 */
	public synchronized List<EphemeralEvent> ephemeralEvents() {
		return List.copyOf(this.ephemerals);
	}

	/**
	 * Returns the users and ids of tokens that were disconnected.
	 * @return the users and ids in order
	 */
	public synchronized List<String> disconnected() {
		return List.copyOf(this.disconnected);
	}

	@Override
	public synchronized void publish(UUID sessionId, String type, Object payload) {
		append(openSession(sessionId), type, write(payload));
	}

	@Override
	public synchronized CompletableFuture<Long> publishAsync(UUID sessionId, String type, Object payload) {
		String text = write(payload);
		try {
			return CompletableFuture.completedFuture(append(openSession(sessionId), type, text));
		}
		catch (UnknownSessionException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	@Override
	public synchronized int publishToUser(String userId, String type, Object payload) {
		String text = write(payload);
		List<Session> open = of(userId).stream().filter((session) -> !session.closed).toList();
		open.forEach((session) -> append(session, type, text));
		return open.size();
	}

	@Override
	public synchronized void sendEphemeral(UUID sessionId, String type, Object payload) {
		this.ephemerals.add(new EphemeralEvent(sessionId, null, type, write(payload)));
	}

	@Override
	public synchronized void sendEphemeralToUser(String userId, String type, Object payload) {
		this.ephemerals.add(new EphemeralEvent(null, userId, type, write(payload)));
	}

	@Override
	public synchronized void sendEphemeralToOthers(ClientMessage message, Object payload) {
		sendEphemeral(message.sessionId(), message.type(), payload);
	}

	@Override
	public synchronized Optional<SessionSummary> find(UUID sessionId) {
		return Optional.ofNullable(this.sessions.get(sessionId)).map(Session::summary);
	}

	@Override
	public synchronized List<SessionSummary> list(String userId, int limit) {
		return of(userId).stream()
			.filter((session) -> !session.closed && !session.events.isEmpty())
			.map(Session::summary)
			.sorted(Comparator.comparing(SessionSummary::lastActiveAt).reversed())
			.limit(limit)
			.toList();
	}

	@Override
	public synchronized List<SessionEvent> history(UUID sessionId, long afterEventId, int limit) {
		return events(sessionId).stream().filter((event) -> event.id() > afterEventId).limit(limit).toList();
	}

	@Override
	public synchronized int connectionCount(String userId) {
		return this.connections.getOrDefault(userId, 0);
	}

	@Override
	public synchronized long storedBytes(String userId) {
		return of(userId).stream()
			.flatMap((session) -> session.events.stream())
			.mapToLong((event) -> event.payload().getBytes(StandardCharsets.UTF_8).length)
			.sum();
	}

	@Override
	public synchronized boolean close(UUID sessionId) {
		Session session = this.sessions.get(sessionId);
		if (session == null || session.closed) {
			return false;
		}
		session.closed = true;
		return true;
	}

	@Override
	public synchronized void disconnect(String userId) {
		this.disconnected.add(userId);
		this.connections.remove(userId);
	}

	@Override
	public synchronized void disconnectToken(String tokenId) {
		this.disconnected.add(tokenId);
	}

	@Override
	public synchronized boolean erase(UUID sessionId) {
		return this.sessions.remove(sessionId) != null;
	}

	@Override
	public synchronized int erase(String userId) {
		disconnect(userId);
		List<Session> erased = of(userId);
		erased.forEach((session) -> this.sessions.remove(session.id));
		return erased.size();
	}

	private List<Session> of(String userId) {
		return this.sessions.values().stream().filter((session) -> session.userId.equals(userId)).toList();
	}

	private Session openSession(UUID sessionId) {
		Session session = this.sessions.get(sessionId);
		if (session == null || session.closed) {
			throw new UnknownSessionException(sessionId);
		}
		return session;
	}

	private String write(Object payload) {
		String text = this.json.writeValueAsString(payload);
		if (!text.startsWith("{")) {
			throw new IllegalArgumentException("The payload must be serialized to a JSON object, not to " + text);
		}
		return text;
	}

	private static long append(Session session, String type, String payload) {
		session.lastActiveAt = Instant.now();
		long id = session.events.size() + 1L;
		session.events.add(new SessionEvent(session.id, id, type, payload, session.lastActiveAt));
		return id;
	}

	/**
	 * An ephemeral event that was sent, either to a session or to a user.
	 *
	 * @param sessionId the session; null if it was sent to a user
	 * @param userId the user; null if it was sent to a session
	 * @param type the event's type
	 * @param payload its payload, the text of a JSON object
	 */
	public record EphemeralEvent(@Nullable UUID sessionId, @Nullable String userId, String type, String payload) {

	}

	private static final class Session {

		private final UUID id;

		private final String userId;

		private final Instant createdAt = Instant.now();

		private final List<SessionEvent> events = new ArrayList<>();

		private Instant lastActiveAt = this.createdAt;

		private boolean closed;

		Session(UUID id, String userId) {
			this.id = id;
			this.userId = userId;
		}

		SessionSummary summary() {
			return new SessionSummary(this.id, this.userId, this.events.size(), this.createdAt, this.lastActiveAt,
					this.closed);
		}

	}

}
