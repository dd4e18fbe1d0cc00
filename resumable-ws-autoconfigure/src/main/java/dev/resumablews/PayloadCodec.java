package dev.resumablews;

import java.util.UUID;

/**
 * Strategy that encodes event payloads before they are stored in Postgres and decodes
 * them when they are read, usually to encrypt them at rest. Define one bean of this type;
 * without it, payloads are stored in plain text. The library wraps the encoded text in a
 * JSON object. Events stored before a codec was introduced are read unchanged, so a codec
 * can be added at any time. It cannot be removed while events that it encoded exist.
 * <p>
 * <b>Scope.</b> The payloads of all events are encoded: user messages, deltas and
 * messages of replies, and published events. Ephemeral events are not stored and are sent
 * between nodes in plain text. Also in plain text are the ids of users, sessions, events,
 * messages and nodes, event types, idempotency keys, timestamps, sizes, reply states, and
 * the event that a reply answers. Do not put confidential data into user ids or event
 * types. The stored size is that of the encoded text, which reveals the approximate size
 * of the payload.
 * <p>
 * <b>Calls.</b> {@link #encode} is called once for each event and session, and again if a
 * reply is retried. {@link #decode} is called whenever an event is read from Postgres:
 * for replays, for events that another node stored, for the conversation passed to a
 * model, and for {@link ResumableSessions#history}. Clients of the node that stores an
 * event receive the payload without a call.
 * <p>
 * <b>Threads.</b> Implementations must be thread-safe. {@code encode} runs on the
 * publishing thread, within its transaction if there is one, on a handler thread for
 * client messages, and on one library thread per reply. {@code decode} runs on the thread
 * that reads the history, on the thread of a reply, and on up to 64 library threads.
 * Neither runs on a thread that writes the log or sends to clients, so a codec that
 * blocks, for example on a key service, delays only its own caller. Implementations must
 * bound their waits and must not use {@link ResumableSessions}.
 * <p>
 * <b>Keys.</b> {@code encode} may return a different text for each call, and usually
 * does, because of a random initialization vector. The text should identify the key so
 * that keys can be rotated: encode with the newest key and keep older keys for {@code
 * decode} until their events are removed after {@code resumable-ws.cleanup.event-ttl}.
 * Deploy a new key to all nodes for {@code decode} before any node uses it for {@code
 * encode}.
 * <p>
 * <b>Failures.</b> Throw {@link EventLogUnavailableException} if a key is temporarily
 * unavailable. It is treated like an outage of Postgres: messages are rejected as
 * {@code unavailable}, and replies and replays wait and retry. Any other exception
 * becomes a {@link PayloadCodecException} of the affected event. An event that cannot be
 * encoded is not stored, and its caller receives the exception. If an event cannot be
 * decoded for a client, the client receives an {@code error} with the code {@code
 * failed}, its connection is closed with {@link CloseCode#INTERNAL_ERROR}, and it resumes
 * at that event when it reconnects. No event is skipped.
 */
public interface PayloadCodec {

	/**
	 * Encodes a payload.
	 * @param sessionId the session of the event. Encryption should authenticate it, so
	 * that an event cannot be moved to another session
	 * @param type the event's type, which should be authenticated as well
	 * @param payload the text of a JSON object
	 * @return any well-formed Unicode text, not necessarily JSON; its size counts towards
	 * stored and page sizes
	 * @throws EventLogUnavailableException if the payload cannot be encoded at the moment
	 */
	String encode(UUID sessionId, String type, String payload);

	/**
	 * Decodes a payload.
	 * @param sessionId the session of the event
	 * @param type the event's type
	 * @param encoded the text that {@link #encode} returned for this session and type,
	 * possibly on another node and long ago; it may have been tampered with
	 * @return the payload that was passed to {@link #encode}
	 * @throws EventLogUnavailableException if the payload cannot be decoded at the moment
	 */
	String decode(UUID sessionId, String type, String encoded);

}
