package dev.resumablews;

import java.util.UUID;

/**
 * Turns the payloads of events into what is stored in Postgres, and back: to encrypt them
 * at rest. Define one bean of it; without one, payloads are stored as they are. The
 * library wraps what it returns into a JSON object. Events that were stored before there
 * was a codec are read as they are, so a codec can be added at any time; it cannot be
 * taken away as long as there are events that it has encoded.
 * <p>
 * <b>What is encoded.</b> The payloads of all events: messages of users, the deltas and
 * messages of replies, published events. Ephemeral events are not stored, and travel
 * between nodes as they are. What stays plain are the ids of users, sessions, events,
 * messages and nodes, the types of events, idempotency keys, times, sizes, the states of
 * replies, and which event a reply answers. So nothing that is confidential may be in a
 * user id or an event type. The size that is stored is that of the encoded form, which is
 * about as telling as that of the payload.
 * <p>
 * <b>When it is called.</b> {@link #encode} once for each event, or for each session that
 * an event is published to, and again when a reply is tried again. {@link #decode}
 * whenever an event is read from Postgres: for clients that catch up, on each node for
 * events that another node has stored, for the conversation that a model is given, for
 * {@link ResumableSessions#history}. Clients that are connected to the node that stores
 * an event are sent the payload without a call.
 * <p>
 * <b>Threads.</b> Must be safe for use by many threads. {@code encode} runs on the thread
 * that publishes, within its transaction if there is one, on a thread of the handlers for
 * messages of clients, and on one thread of the library's for each reply. {@code decode}
 * runs on the thread that asks for a history, on the thread of a reply, and on up to 64
 * threads that the library has for it. Neither runs on a thread that writes the log or
 * sends to clients, so one that waits, for a key service for example, delays what it is
 * called for. It has to bound its waits. It must not use {@link ResumableSessions}.
 * <p>
 * <b>Keys.</b> The result of {@code encode} may be another one with each call, and
 * usually is, as it holds a random initialization vector. It should name the key, so that
 * keys can be replaced: encode with the newest, and keep the others for {@code decode}
 * until the events are gone, after {@code resumable-ws.cleanup.event-ttl}. All nodes need
 * a new key for {@code decode} before any of them uses it for {@code encode}.
 * <p>
 * <b>Failures.</b> Throw {@link EventLogUnavailableException} if a key cannot be had at
 * the moment. It is treated as if Postgres were away: messages are refused as
 * {@code unavailable}, and replies and clients that catch up wait and try again. Anything
 * else that is thrown is a {@link PayloadCodecException} for the event that it is about:
 * an event that cannot be encoded is not stored, and its caller gets the exception. A
 * client that has to be sent an event that cannot be decoded gets an {@code error} with
 * {@code failed}, and its connection is closed with {@link CloseCode#INTERNAL_ERROR}; it
 * continues with that event when it comes back. No event is left out.
 */
public interface PayloadCodec {

	/**
	 * Encodes a payload.
	 * @param sessionId the session that the event is stored in. An encryption should
	 * authenticate it, so that an event cannot be moved to another session
	 * @param type the event's type, which should be authenticated, too
	 * @param payload the text of a JSON object
	 * @return any text of well-formed Unicode, which need not be JSON; its size counts in
	 * Postgres and for pages that are read
	 * @throws EventLogUnavailableException if it cannot be encoded right now
	 */
	String encode(UUID sessionId, String type, String payload);

	/**
	 * Decodes a payload.
	 * @param sessionId the session that the event was read from
	 * @param type the event's type
	 * @param encoded what {@link #encode} has returned for this session and type, on any
	 * node, perhaps long ago; it may have been changed in the tables since
	 * @return the payload, as it was given to {@link #encode}
	 * @throws EventLogUnavailableException if it cannot be decoded right now
	 */
	String decode(UUID sessionId, String type, String encoded);

}
