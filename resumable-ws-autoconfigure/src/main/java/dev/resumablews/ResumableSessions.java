package dev.resumablews;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Publishes events to sessions, sends ephemeral events, and finds, closes and erases
 * sessions. Injected as a bean. Safe for use by multiple threads.
 * <p>
 * A session begins when a client opens it, and is stored with its first event. A session
 * without events expires one day after its last connection, and is lost if Postgres
 * crashes or fails over.
 * <p>
 * Within a transaction on the library's {@code DataSource}, events are written by that
 * transaction just before it commits, and delivered after the commit. A rollback discards
 * them. Transactions on any other {@code DataSource} are ignored; see
 * {@link ResumableWsDataSource}. If a concurrent transaction conflicts, the commit fails
 * with Spring's {@code ConcurrencyFailureException} and the transaction can be retried.
 * Events published after the commit, for example by a
 * {@code @TransactionalEventListener}, are stored immediately.
 */
public interface ResumableSessions {

	/**
	 * Stores an event and delivers it to every client of the session. Outside a
	 * transaction, or after the transaction has completed, the call returns once the
	 * event is durable. Within a transaction it returns immediately.
	 * @param sessionId the session to publish to
	 * @param type the event's type: a lower-case letter, then up to 63 letters, digits,
	 * {@code .}, {@code _} or {@code -}; not one of the protocol's control messages
	 * @param payload the object to serialize to a JSON object: a record, a bean or a map
	 * @throws UnknownSessionException if the session does not exist or is closed; within
	 * a transaction, the commit throws it
	 * @throws EventLogUnavailableException if the event could not be stored in time. If
	 * the database connection broke during the commit, the event may have been stored
	 * @throws PayloadCodecException if the application's {@link PayloadCodec} cannot
	 * encode the payload; nothing is stored
	 * @throws IllegalArgumentException if the type or the payload is invalid
	 * @throws IllegalStateException if the transaction is read-only, or if its
	 * transaction manager is not a bean
	 */
	void publish(UUID sessionId, String type, Object payload);

	/**
	 * Stores an event and delivers it to every client of the session without blocking. A
	 * thread can have thousands of events in flight, which share commits. Events that one
	 * thread publishes to one session are stored in the order of the calls. Does not take
	 * part in the caller's transaction.
	 * @param sessionId the session to publish to
	 * @param type the event's type, as for {@link #publish(UUID, String, Object)}
	 * @param payload the object to serialize to a JSON object; serialized before this
	 * method returns
	 * @return a future that completes with the event's id once the event is durable, or
	 * exceptionally with the session and log exceptions of
	 * {@link #publish(UUID, String, Object)}. Dependent stages run on a small pool of the
	 * library and may block
	 * @throws IllegalArgumentException if the type or the payload is invalid
	 */
	CompletableFuture<Long> publishAsync(UUID sessionId, String type, Object payload);

	/**
	 * Publishes an event to each open session of a user, up to 10,000 sessions. All
	 * sessions receive the event or none: the events are stored in the current
	 * transaction or, outside a transaction, in one that has committed when this method
	 * returns. Sessions that are closed before the events are stored are skipped. An
	 * earlier event of {@link #publishAsync(UUID, String, Object)} that is not yet
	 * durable may be stored after this one.
	 * @param userId the user whose sessions to publish to
	 * @param type the event's type
	 * @param payload the object to serialize to a JSON object
	 * @return the number of sessions published to; within a transaction, the number of
	 * sessions that are currently open
	 * @throws EventLogUnavailableException if the event could not be stored in time, for
	 * example because another transaction holds the lock of a session. If the database
	 * connection broke during the commit, the event may have been stored
	 * @throws IllegalArgumentException if the type or the payload is invalid
	 * @throws IllegalStateException if the user has more than 10,000 open sessions, or
	 * for the reasons given for {@link #publish(UUID, String, Object)}
	 */
	int publishToUser(String userId, String type, Object payload);

	/**
	 * Sends an ephemeral event to the clients that are currently connected to a session,
	 * on all nodes. Ephemeral events are not stored, have no id and are never sent again.
	 * Clients that are disconnected, still replaying or reading too slowly do not receive
	 * them, and neither do the clients of a node that misses the signal. An ephemeral
	 * event may overtake published events. It is sent immediately, regardless of any
	 * transaction.
	 * <p>
	 * Does not block and does not check whether the session exists. The signal between
	 * nodes carries the event, so its size is always limited: type and payload together
	 * to 7,917 bytes with {@code resumable-ws.cluster.signal=postgres}, and to 130,990
	 * bytes with {@code redis}.
	 * @param sessionId the session
	 * @param type the event's type, as for {@link #publish(UUID, String, Object)}, except
	 * the types that the protocol stores, such as {@code user_message}
	 * @param payload the object to serialize to a JSON object
	 * @throws IllegalArgumentException if the type or the payload is invalid or too large
	 * @throws IllegalStateException if {@code resumable-ws.cluster.signal} is {@code
	 * polling}, because polling would store the event
	 */
	void sendEphemeral(UUID sessionId, String type, Object payload);

	/**
	 * Sends an ephemeral event to all currently connected clients of a user. See
	 * {@link #sendEphemeral(UUID, String, Object)}.
	 * @param userId the user
	 * @param type the event's type
	 * @param payload the object to serialize to a JSON object
	 * @throws IllegalArgumentException if the type or the payload is invalid or too large
	 * @throws IllegalStateException if {@code resumable-ws.cluster.signal} is
	 * {@code polling}
	 */
	void sendEphemeralToUser(String userId, String type, Object payload);

	/**
	 * Sends an ephemeral event to the other clients of the session that a message came
	 * from, with the type of that message. See
	 * {@link #sendEphemeral(UUID, String, Object)}.
	 * @param message the client's message
	 * @param payload the object to serialize to a JSON object, such as the message's
	 * payload
	 * @throws IllegalArgumentException if the type or the payload is invalid or too large
	 * @throws IllegalStateException if {@code resumable-ws.cluster.signal} is
	 * {@code polling}
	 */
	void sendEphemeralToOthers(ClientMessage message, Object payload);

	/**
	 * Finds a session by its id, including closed sessions and sessions without events.
	 * @param sessionId the session's id
	 * @return the session, or empty if it does not exist
	 */
	Optional<SessionSummary> find(UUID sessionId);

	/**
	 * Lists the open sessions of a user that have events, most recently active first.
	 * @param userId the user
	 * @param limit the maximum number of sessions to return, from 1 to 1000
	 * @return the sessions
	 */
	List<SessionSummary> list(String userId, int limit);

	/**
	 * Reads a range of a session's log, in order. It does not contain the deltas of
	 * finished replies.
	 * @param sessionId the session
	 * @param afterEventId the id after which to start; 0 for the beginning
	 * @param limit the maximum number of events to return, from 1 to 1000
	 * @return the events; if one cannot be decoded, only the events before it
	 * @throws PayloadCodecException if the application's {@link PayloadCodec} cannot
	 * decode the first event
	 */
	List<SessionEvent> history(UUID sessionId, long afterEventId, int limit);

	/**
	 * Counts the current connections of a user on all nodes. The count may lag: by up to
	 * one second after connections open or close, and by two heartbeats ({@code
	 * resumable-ws.connection.heartbeat-interval}) after a node was killed. A client that
	 * disappears without closing is counted until its heartbeat timeout.
	 * @param userId the user
	 * @return the number of connections; 0 if the user is offline
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	int connectionCount(String userId);

	/**
	 * Returns the stored size of a user's events: the UTF-8 length of all payloads in
	 * open and closed sessions, without row overhead, indexes and keys. A finished reply
	 * counts with its whole message, since its deltas have been removed. The size is
	 * exact, except while sessions are being removed, while nodes of a version without
	 * this count are running, and beyond 100,000 sessions.
	 * @param userId the user
	 * @return the number of bytes, as seen by the current transaction if there is one
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	long storedBytes(String userId);

	/**
	 * Closes a session. A closed session accepts no events and cannot be resumed. Its
	 * connections, on all nodes, receive the events stored so far and are then closed
	 * with {@link CloseCode#DONE}. Its events are kept until the cleanup removes the
	 * session, by default one day later ({@code
	 * resumable-ws.cleanup.closed-session-ttl}). Within a transaction, the commit closes
	 * the session, after the events published before.
	 * @param sessionId the session
	 * @return whether the session was open
	 */
	boolean close(UUID sessionId);

	/**
	 * Disconnects a user: closes every connection, on all nodes, whose handshake began
	 * before this call, with {@link CloseCode#UNAUTHORIZED}. Sessions are not affected. A
	 * client with an accepted token can reconnect immediately, so revoke its tokens
	 * first.
	 * <p>
	 * Returns once the disconnect is stored. Nodes close the connections within
	 * milliseconds, or within {@code resumable-ws.cluster.backstop-interval} if a signal
	 * is lost. A node that is cut off from Postgres closes them when it reconnects, if
	 * that takes less than a day. Within a transaction, the user is disconnected after
	 * the commit; if the disconnect cannot be stored, the committing call throws although
	 * the transaction is committed.
	 * @param userId the user
	 * @throws EventLogUnavailableException if the disconnect may not have been stored;
	 * call again
	 * @throws IllegalStateException if the transaction manager of the transaction is not
	 * a bean
	 */
	void disconnect(String userId);

	/**
	 * Disconnects a single login of a user. See {@link #disconnect(String)}.
	 * @param tokenId the {@linkplain AuthenticatedUser#tokenId() id of the token} that
	 * the client last authenticated with
	 * @throws EventLogUnavailableException if the disconnect may not have been stored;
	 * call again
	 * @throws IllegalStateException if the transaction manager of the transaction is not
	 * a bean
	 */
	void disconnectToken(String tokenId);

	/**
	 * Erases a session: closes it, ends its connections on all nodes with
	 * {@link CloseCode#RESTART}, and removes it with its events, keys and replies. A
	 * running reply ends without storing any further event. A client that reconnects gets
	 * a new session.
	 * <p>
	 * Blocks until everything is removed. A large session takes many short transactions,
	 * independent of the caller's transaction. After a failure the session stays closed;
	 * another call, or the cleanup, removes the rest.
	 * @param sessionId the session
	 * @return whether the session existed, open or closed
	 * @throws EventLogUnavailableException if Postgres does not answer in time, or
	 * another transaction holds the lock of the session
	 */
	boolean erase(UUID sessionId);

	/**
	 * {@linkplain #disconnect(String) Disconnects} a user and {@linkplain #erase(UUID)
	 * erases} all of the user's current sessions. A connection ends with
	 * {@link CloseCode#UNAUTHORIZED} or {@link CloseCode#RESTART}, whichever its node
	 * processes first. Sessions opened during the call are kept. Copies outside the
	 * tables, such as backups, are not affected.
	 * @param userId the user
	 * @return the number of erased sessions, without those that an earlier failed attempt
	 * erased
	 * @throws EventLogUnavailableException if Postgres does not answer in time, or
	 * another transaction holds the lock of a session; call again
	 */
	int erase(String userId);

}
