package dev.resumablews;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * What an application does with sessions: publish events into them, send ephemeral ones,
 * look at sessions, close and erase them, and disconnect their users. An instance is a
 * bean; it is safe for use by many threads.
 * <p>
 * A session begins when a client opens it. It is stored with its first event; one that
 * never has an event ends a day after its last connection, or when Postgres crashes or
 * fails over.
 * <p>
 * Within a transaction on the {@code DataSource} of this library, an event is written by
 * that transaction, shortly before it commits, and delivered after it has committed. If
 * the transaction rolls back, the event never existed. A transaction on another
 * {@code DataSource} counts as none; see {@link ResumableWsDataSource}. If another
 * transaction is in the way, the commit fails with Spring's
 * {@code ConcurrencyFailureException}, and the transaction may be tried again. What is
 * published after the commit, by a {@code @TransactionalEventListener} for example, is
 * stored at once.
 */
public interface ResumableSessions {

	/**
	 * Stores an event and delivers it to every client of the session. Outside a
	 * transaction, and when the transaction has committed or rolled back already, it
	 * returns when the event is durable; within a transaction it returns at once.
	 * @param sessionId the session to publish to
	 * @param type the event's type: a lower-case letter, then up to 63 letters, digits,
	 * {@code .}, {@code _} or {@code -}; not one of the protocol's control messages
	 * @param payload what is serialized to a JSON object: a record, a bean, a map
	 * @throws UnknownSessionException if there is no such session, or it was closed;
	 * within a transaction this is thrown by the commit
	 * @throws EventLogUnavailableException if the event could not be stored in time. When
	 * the connection to the database broke during the commit, it may have been stored
	 * @throws PayloadCodecException if the application's {@link PayloadCodec} cannot
	 * encode the payload; nothing is stored then
	 * @throws IllegalArgumentException if the type or the payload is not acceptable
	 * @throws IllegalStateException if the transaction is read-only, or its transaction
	 * manager is no bean and so cannot store an event with it
	 */
	void publish(UUID sessionId, String type, Object payload);

	/**
	 * Stores an event and delivers it to every client of the session, without waiting for
	 * it: one thread may have thousands of events on their way, which share commits.
	 * Events that a thread publishes into one session one after the other are stored in
	 * this order. Has no part in a transaction of the caller.
	 * @param sessionId the session to publish to
	 * @param type the event's type, as for {@link #publish(UUID, String, Object)}
	 * @param payload what is serialized to a JSON object, before this returns
	 * @return completed with the event's id when it is durable; exceptionally with what
	 * {@link #publish(UUID, String, Object)} throws because of the session or the log.
	 * What depends on it runs on a few threads that the library has for this, and may
	 * block
	 * @throws IllegalArgumentException if the type or the payload is not acceptable
	 */
	CompletableFuture<Long> publishAsync(UUID sessionId, String type, Object payload);

	/**
	 * Publishes an event to each open session of a user, of which there may be 10,000 at
	 * most. The events are stored in one transaction, in all of the sessions or in none:
	 * in the current one, or, outside a transaction, in one that is committed when this
	 * returns. A session that is closed before they are stored is left out. An event that
	 * was published before with {@link #publishAsync(UUID, String, Object)}, and is not
	 * durable yet, may be stored after this one.
	 * @param userId the user whose sessions to publish to
	 * @param type the event's type
	 * @param payload what is serialized to a JSON object
	 * @return the number of sessions published to; within a transaction, the number of
	 * sessions that are open now
	 * @throws EventLogUnavailableException if the event could not be stored in time, for
	 * example because another transaction keeps a session locked. When the connection to
	 * the database broke during the commit, it may have been stored
	 * @throws IllegalArgumentException if the type or the payload is not acceptable
	 * @throws IllegalStateException if the user has more than 10,000 open sessions, or
	 * for a reason that {@link #publish(UUID, String, Object)} names
	 */
	int publishToUser(String userId, String type, Object payload);

	/**
	 * Sends an ephemeral event to the clients that are connected to a session now, on all
	 * nodes. It is not stored, has no id, and is not sent again: a client that is not
	 * connected, has not caught up with the session's events, or reads too slowly does
	 * not get it, and neither do clients of a node that misses the signal. It may
	 * overtake published events. An event that is sent within a transaction is sent at
	 * once, whatever becomes of the transaction.
	 * <p>
	 * Does not block, and takes no note of whether there is such a session. Between nodes
	 * the event travels in the signal itself, so its size is limited, even if no client
	 * is connected: type and payload together to 7,917 bytes with
	 * {@code resumable-ws.cluster.signal=postgres}, to 130,990 with {@code redis}.
	 * @param sessionId the session
	 * @param type the event's type, as for {@link #publish(UUID, String, Object)}, but
	 * not one that the protocol stores, such as {@code user_message}
	 * @param payload what is serialized to a JSON object
	 * @throws IllegalArgumentException if the type or the payload is not acceptable, or
	 * they are too large
	 * @throws IllegalStateException if {@code resumable-ws.cluster.signal} is
	 * {@code polling}, which would store the event
	 */
	void sendEphemeral(UUID sessionId, String type, Object payload);

	/**
	 * Sends an ephemeral event to all clients of a user that are connected now, as
	 * {@link #sendEphemeral(UUID, String, Object)} does to those of a session.
	 * @param userId the user
	 * @param type the event's type
	 * @param payload what is serialized to a JSON object
	 * @throws IllegalArgumentException if the type or the payload is not acceptable, or
	 * they are too large
	 * @throws IllegalStateException if {@code resumable-ws.cluster.signal} is
	 * {@code polling}
	 */
	void sendEphemeralToUser(String userId, String type, Object payload);

	/**
	 * Sends an ephemeral event, with the type of a client's message, to the other clients
	 * that are connected to the client's session, as
	 * {@link #sendEphemeral(UUID, String, Object)} does to all of them.
	 * @param message the client's message
	 * @param payload what is serialized to a JSON object, such as the message's payload
	 * @throws IllegalArgumentException if the type or the payload is not acceptable, or
	 * they are too large
	 * @throws IllegalStateException if {@code resumable-ws.cluster.signal} is
	 * {@code polling}
	 */
	void sendEphemeralToOthers(ClientMessage message, Object payload);

	/**
	 * Finds a session, including closed ones and those that have no event yet.
	 * @param sessionId the session's id
	 * @return the session, or empty if there is none
	 */
	Optional<SessionSummary> find(UUID sessionId);

	/**
	 * Lists a user's sessions that have events and are not closed, the most recently
	 * active first.
	 * @param userId the user
	 * @param limit how many to return at most, from 1 to 1000
	 * @return the sessions
	 */
	List<SessionSummary> list(String userId, int limit);

	/**
	 * Reads a part of a session's log, in order. Deltas of finished replies are not in
	 * it.
	 * @param sessionId the session
	 * @param afterEventId the id after which to start; 0 for the beginning
	 * @param limit how many events to return at most, from 1 to 1000
	 * @return the events; those before one that cannot be decoded, if there is one
	 * @throws PayloadCodecException if the first of them cannot be decoded by the
	 * application's {@link PayloadCodec}
	 */
	List<SessionEvent> history(UUID sessionId, long afterEventId, int limit);

	/**
	 * Counts the connections a user has now, to all nodes. The number may be late: by a
	 * second for connections that are opened or closed, by two heartbeats
	 * ({@code resumable-ws.connection.heartbeat-interval}) for those of a node that was
	 * killed. A client that has vanished without closing counts until its heartbeat
	 * timeout.
	 * @param userId the user
	 * @return the number of connections; 0 when the user is not online
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	int connectionCount(String userId);

	/**
	 * Returns how much is stored for a user: the payloads of the events in all sessions
	 * that are not removed yet, closed ones included, in bytes of UTF-8. Indexes, keys
	 * and what else a row takes are not part of it. Of a reply that has ended, the deltas
	 * are gone and the whole message counts. The number is exact, except while sessions
	 * are being removed, while nodes of a version that does not count are running, and
	 * beyond 100,000 sessions.
	 * @param userId the user
	 * @return the number of bytes, as of now, or as the current transaction sees it
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	long storedBytes(String userId);

	/**
	 * Closes a session: nothing more is stored in it, no client can resume it, and its
	 * connections, to whichever node, are closed with {@link CloseCode#DONE} as soon as
	 * they were sent what was stored before. Its events stay until the cleanup removes
	 * the session, a day later by default
	 * ({@code resumable-ws.cleanup.closed-session-ttl}). Within a transaction the session
	 * is closed by its commit, after what was published before.
	 * @param sessionId the session
	 * @return whether it was open until now
	 */
	boolean close(UUID sessionId);

	/**
	 * Disconnects a user: closes all connections, to whichever node, whose handshake
	 * began before, with {@link CloseCode#UNAUTHORIZED}. Sessions stay as they are. A
	 * client may come back at once with a token that is accepted, so revoke what it has
	 * before.
	 * <p>
	 * Returns when it is stored who was disconnected. A node closes the connections
	 * within milliseconds, or within {@code resumable-ws.cluster.backstop-interval} if a
	 * signal is lost. One that is cut off from Postgres does so when it is back, if that
	 * takes less than a day. Within a transaction the user is disconnected after its
	 * commit; if that cannot be stored, the call that commits throws although the
	 * transaction is committed.
	 * @param userId the user
	 * @throws EventLogUnavailableException if it may not have been stored; to be repeated
	 * @throws IllegalStateException if the transaction manager of the transaction is no
	 * bean
	 */
	void disconnect(String userId);

	/**
	 * Disconnects one login of a user, as {@link #disconnect(String)} does all of them.
	 * @param tokenId the {@linkplain AuthenticatedUser#tokenId() id of the token} that a
	 * client has last authenticated with
	 * @throws EventLogUnavailableException if it may not have been stored; to be repeated
	 * @throws IllegalStateException if the transaction manager of the transaction is no
	 * bean
	 */
	void disconnectToken(String tokenId);

	/**
	 * Erases a session: closes it, ends its connections, to whichever node, with
	 * {@link CloseCode#RESTART}, and removes it with its events, keys and replies. A
	 * reply that runs ends without storing anything more. A client that comes back gets a
	 * new session.
	 * <p>
	 * Blocks until all is removed, which takes many short transactions for a large
	 * session, whatever transaction the caller is in. After a failure the session stays
	 * closed; calling this again removes the rest, and so does the cleanup.
	 * @param sessionId the session
	 * @return whether there was such a session, open or closed
	 * @throws EventLogUnavailableException if Postgres does not answer in time, or
	 * another transaction keeps the session locked
	 */
	boolean erase(UUID sessionId);

	/**
	 * Erases all sessions that a user has now, as {@link #erase(UUID)} does, after having
	 * {@linkplain #disconnect(String) disconnected} the user. A connection ends with
	 * {@link CloseCode#UNAUTHORIZED} or {@link CloseCode#RESTART}, whichever its node
	 * hears of first. Sessions that the user opens in the meantime stay. What Postgres
	 * keeps elsewhere, in backups for example, is not affected.
	 * @param userId the user
	 * @return how many sessions were erased; fewer than there were if an earlier attempt
	 * has failed halfway
	 * @throws EventLogUnavailableException if Postgres does not answer in time, or
	 * another transaction keeps a session locked; to be repeated
	 */
	int erase(String userId);

}
