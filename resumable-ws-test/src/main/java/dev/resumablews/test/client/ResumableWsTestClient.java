package dev.resumablews.test.client;

import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Client of a resumable WebSocket for tests. It remembers the session and the last event
 * it received, resumes after a disconnect, keeps messages until they are acknowledged,
 * and records in {@link #violations()} if the server does one of the following:
 * <ol>
 * <li>send an event id that repeats or decreases, on one connection or after a resume;
 * <li>omit an event id that neither a merged delta nor a later {@code assistant_message}
 * replaces;
 * <li>send a delta that repeats other text, leaves a hole, or follows the end of its
 * reply;
 * <li>end a reply twice, or with a text that does not begin with its deltas;
 * <li>store a message twice;
 * <li>send a wrong {@code replay}, {@code replay_complete} or {@code session_init}.
 * </ol>
 * {@link ResumableWsTestClientBuilder#connect()} connects once, and the test decides when
 * to {@link #disconnect()} and {@link #resume()}.
 * {@link ResumableWsTestClientBuilder#start()} connects in the background, and reconnects
 * until the client or the server ends the session.
 * <p>
 * Every wait is bounded by {@link ResumableWsTestClientBuilder#timeout(Duration)}. A wait
 * that fails throws an {@link AssertionError} with the last frames. Safe for use by many
 * threads.
 */
public final class ResumableWsTestClient implements AutoCloseable {

	private final ClientConnections connections;

	private ResumableWsTestClient(ResumableWsTestClientBuilder settings) {
		this.connections = new ClientConnections(settings);
	}

	static ResumableWsTestClient connect(ResumableWsTestClientBuilder settings) {
		ResumableWsTestClient client = new ResumableWsTestClient(settings);
		client.connections.connect();
		return client;
	}

	static ResumableWsTestClient start(ResumableWsTestClientBuilder settings) {
		ResumableWsTestClient client = new ResumableWsTestClient(settings);
		client.connections.keepConnected();
		return client;
	}

	/**
	 * Returns a builder.
	 * @param uri the endpoint, such as {@code ws://localhost:8080/ws}
	 * @return the builder
	 */
	public static ResumableWsTestClientBuilder builder(URI uri) {
		return new ResumableWsTestClientBuilder(() -> uri);
	}

	/**
	 * Returns a builder for {@code ws://localhost:<port>/ws}.
	 * @param port the port
	 * @return the builder
	 */
	public static ResumableWsTestClientBuilder builder(int port) {
		return builder(URI.create("ws://localhost:" + port + "/ws"));
	}

	/**
	 * Returns a builder for an endpoint that may change.
	 * @param uri supplies the endpoint for each connection
	 * @return the builder
	 */
	public static ResumableWsTestClientBuilder builder(Supplier<URI> uri) {
		return new ResumableWsTestClientBuilder(uri);
	}

	/**
	 * Returns the session's id, and waits for it if necessary.
	 * @return the id
	 */
	public UUID sessionId() {
		return UUID.fromString(this.connections.awaitValue("session_init", session()::sessionId));
	}

	/**
	 * Returns the id of the last event that was received, with which the next connection
	 * resumes.
	 * @return the id; 0 if there was no event
	 */
	public long lastEventId() {
		return session().lastEventId();
	}

	/**
	 * Returns whether the connection is open and the server has sent
	 * {@code session_init}.
	 * @return whether the client can send
	 */
	public boolean isConnected() {
		return this.connections.isConnected();
	}

	/**
	 * Returns how many connections were opened after the first.
	 * @return the number
	 */
	public int reconnects() {
		return this.connections.reconnects();
	}

	/**
	 * Sends a message with a new idempotency key. Keeps it until the server acknowledges
	 * or rejects it: sends it again on the next connection, and after the error
	 * {@code unavailable}.
	 * @param type the message's type
	 * @param payload the payload, which is converted to JSON; null for none
	 * @return the key
	 */
	public UUID send(String type, @Nullable Object payload) {
		UUID key = UUID.randomUUID();
		send(type, payload, key);
		return key;
	}

	/**
	 * Sends a message as {@link #send(String, Object)} does, with a given key.
	 * @param type the message's type
	 * @param payload the payload, which is converted to JSON; null for none
	 * @param key the idempotency key
	 */
	public void send(String type, @Nullable Object payload, UUID key) {
		Map<String, Object> message = new LinkedHashMap<>();
		message.put("type", type);
		if (payload != null) {
			message.put("payload", payload);
		}
		keep(message, key);
	}

	/**
	 * Sends a {@code user_message} as {@link #send(String, Object)} does.
	 * @param content the text of the message
	 * @return the key
	 */
	public UUID say(String content) {
		UUID key = UUID.randomUUID();
		say(content, key);
		return key;
	}

	/**
	 * Sends a {@code user_message} as {@link #send(String, Object)} does, with a given
	 * key.
	 * @param content the text of the message
	 * @param key the idempotency key
	 */
	public void say(String content, UUID key) {
		Map<String, Object> message = new LinkedHashMap<>();
		message.put("type", "user_message");
		message.put("content", content);
		keep(message, key);
	}

	private void keep(Map<String, Object> message, UUID key) {
		message.put("idempotency_key", key);
		this.connections.keep(key, message);
	}

	/**
	 * Sends a message once, on the current connection, without waiting and without
	 * keeping it.
	 * @param message the message: a map or another object, which is converted to JSON, or
	 * a string, which is sent as it is
	 * @return whether there is a connection; even then, the server may not receive the
	 * message
	 */
	public boolean sendOnce(Object message) {
		return this.connections.sendOnce(message);
	}

	/**
	 * Returns the keys of the messages that the server has neither acknowledged nor
	 * rejected.
	 * @return the keys
	 */
	public Set<UUID> unacknowledged() {
		return this.connections.unacknowledged();
	}

	/**
	 * Waits for a frame.
	 * @param type the kind of frame
	 * @return the first such frame that no wait has returned
	 */
	public <F extends ServerFrame> F await(Class<F> type) {
		return await(type, (frame) -> true);
	}

	/**
	 * Waits for a frame.
	 * @param type the kind of frame
	 * @param condition the condition that the frame must meet
	 * @return the first such frame that no wait has returned
	 */
	public <F extends ServerFrame> F await(Class<F> type, Predicate<? super F> condition) {
		return type.cast(this.connections.awaitFrame(type.getSimpleName(),
				(frame) -> type.isInstance(frame) && condition.test(type.cast(frame))));
	}

	/**
	 * Waits for a frame.
	 * @param type the message's type, such as {@code ack} or {@code order_shipped}
	 * @return the first such frame that no wait has returned
	 */
	public ServerFrame await(String type) {
		return this.connections.awaitFrame("frame of type '" + type + "'", (frame) -> frame.type().equals(type));
	}

	/**
	 * Waits for a durable event.
	 * @param type the event's type
	 * @return the first such event that no wait has returned
	 */
	public ServerFrame.Event awaitEvent(String type) {
		return (ServerFrame.Event) this.connections.awaitFrame("event of type '" + type + "'",
				(frame) -> frame instanceof ServerFrame.Event && frame.type().equals(type));
	}

	/**
	 * Waits until the server acknowledges a message. Fails if the server rejects it.
	 * @param key the message's idempotency key
	 * @return the last {@code ack} of the message
	 */
	public ServerFrame.Ack awaitAck(UUID key) {
		if (this.connections.awaitAnswer("ack of " + key, key) instanceof ServerFrame.Ack ack) {
			return ack;
		}
		throw this.connections.failure("The server rejected message " + key);
	}

	/**
	 * Waits until the server answers a message with an error.
	 * @param key the message's idempotency key
	 * @return the last {@code error} about the message
	 */
	public ServerFrame.Error awaitError(UUID key) {
		return this.connections.awaitError(key);
	}

	/**
	 * Waits until the client has received an event and all before it.
	 * @param eventId the event's id
	 */
	public void awaitEventId(long eventId) {
		this.connections.awaitUntil("event " + eventId, () -> lastEventId() >= eventId);
	}

	/**
	 * Waits until the current connection has caught up with the log.
	 */
	public void awaitReplayComplete() {
		this.connections.awaitUntil("replay_complete", () -> isConnected() && session().isReplayComplete());
	}

	/**
	 * Waits until the reply to a user message begins.
	 * @param key the user message's idempotency key
	 * @return the reply's {@code message_id}: that of the last attempt so far
	 */
	public String awaitReply(UUID key) {
		return this.connections.awaitValue("reply to " + key, () -> session().reply(key.toString()));
	}

	/**
	 * Waits until the reply to a user message has ended, successfully or not.
	 * @param key the user message's idempotency key
	 * @return the reply's text
	 */
	public String awaitWholeReply(UUID key) {
		this.connections.awaitUntil("end of the reply to " + key, () -> session().hasAnswered(key.toString()));
		return text(awaitReply(key));
	}

	/**
	 * Waits until a reply has ended, successfully or not.
	 * @param messageId the reply's {@code message_id}
	 */
	public void awaitReplyEnd(String messageId) {
		this.connections.awaitUntil("end of reply " + messageId, () -> session().hasEnded(messageId));
	}

	/**
	 * Returns the text of a reply so far.
	 * @param messageId the reply's {@code message_id}
	 * @return the text
	 */
	public String text(String messageId) {
		return session().text(messageId);
	}

	/**
	 * Waits until the current connection has ended.
	 * @return how the last connection ended
	 */
	public Close awaitClose() {
		return this.connections.awaitClose();
	}

	/**
	 * Returns the frames of all connections.
	 * @return the frames in the order of their arrival
	 */
	public List<ServerFrame> frames() {
		return this.connections.frames();
	}

	/**
	 * Returns the session's durable events. If the server could not resume, these are the
	 * events that are still part of the session and those received since.
	 * @return the events in the order of their ids
	 */
	public List<ServerFrame.Event> events() {
		return session().events().stream().map(ServerFrame.Event::new).toList();
	}

	/**
	 * Returns the {@code error} frames of all connections.
	 * @return the errors in the order of their arrival
	 */
	public List<ServerFrame.Error> errors() {
		return frames().stream()
			.filter(ServerFrame.Error.class::isInstance)
			.map(ServerFrame.Error.class::cast)
			.toList();
	}

	/**
	 * Returns how each connection ended.
	 * @return the ends in order
	 */
	public List<Close> closes() {
		return this.connections.closes();
	}

	/**
	 * Returns the reasons for which the server did not resume the session.
	 * @return the reasons in order
	 */
	public List<String> resets() {
		return session().resets();
	}

	/**
	 * Returns the violations of the protocol. While a reply runs, compacted deltas count
	 * as missing; its end removes them from the list.
	 * @return descriptions; empty if the server followed the protocol
	 */
	public List<String> violations() {
		return session().violations();
	}

	/**
	 * Returns why a client that reconnects automatically has given up.
	 * @return the reason; null while it reconnects
	 */
	public @Nullable String gaveUp() {
		return this.connections.gaveUp();
	}

	/**
	 * Ends the connection without a close frame, as a broken network would. A client that
	 * was started with {@link ResumableWsTestClientBuilder#start()} reconnects.
	 */
	public void disconnect() {
		this.connections.disconnect();
	}

	/**
	 * Disconnects, and connects again with the session's id and the last event's id.
	 * @throws HandshakeRejectedException when the server refuses
	 */
	public void resume() {
		if (this.connections.isAutomatic()) {
			throw new IllegalStateException("This client resumes automatically");
		}
		disconnect();
		this.connections.connect();
	}

	/**
	 * Closes the connection with code 1000, without waiting for the answer, and stops
	 * reconnecting.
	 */
	@Override
	public void close() {
		this.connections.close();
	}

	/**
	 * Describes the client's state, for the message of an assertion.
	 */
	@Override
	public String toString() {
		return this.connections.toString();
	}

	private ReplayedSession session() {
		return this.connections.session();
	}

}
