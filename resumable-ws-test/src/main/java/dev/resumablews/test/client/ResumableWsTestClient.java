package dev.resumablews.test.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Client of a resumable WebSocket for tests. It remembers the session and the last event
 * it received, resumes after a disconnect, keeps messages until they are acknowledged,
 * and records in {@link #violations()} what the server must not do:
 * <ol>
 * <li>send an event id that repeats or decreases, on one connection or after a resume;
 * <li>leave an event id out that neither a merged delta nor a later
 * {@code assistant_message} replaces;
 * <li>send a delta that repeats other text, leaves a hole, or follows the end of its
 * reply;
 * <li>end a reply twice, or with a text that does not begin with its deltas;
 * <li>store a message twice;
 * <li>send a wrong {@code replay}, {@code replay_complete} or {@code session_init}.
 * </ol>
 * {@link Builder#connect()} connects once, and the test decides when to
 * {@link #disconnect()} and {@link #resume()}. {@link Builder#start()} connects in the
 * background, and reconnects until the client or the server ends the session.
 * <p>
 * Every wait is bounded by {@link Builder#timeout(Duration)}. A wait that fails throws an
 * {@link AssertionError} with the last frames. Safe for use by many threads.
 */
public final class ResumableWsTestClient implements AutoCloseable {

	private static final long TICK_MILLIS = 50;

	private static final long RECONNECT_MILLIS = 20;

	private static final int FRAMES_SHOWN = 20;

	private static final Set<Integer> FINAL_CODES = Set.of(1000, 1003, 1007, 1009, 4400, 4409);

	private static final Set<Integer> FINAL_STATUSES = Set.of(400, 401, 403, 404);

	private final Builder settings;

	private final Object monitor = new Object();

	private final Connection.Sink sink = new Receiver();

	private final ReplayedSession session = new ReplayedSession();

	private final Outbox outbox = new Outbox();

	private final List<ServerFrame> frames = new ArrayList<>();

	/**
	 * Frames that no wait has returned yet.
	 */
	private final List<ServerFrame> unread = new ArrayList<>();

	private final List<Close> closes = new ArrayList<>();

	private @Nullable Connection connection;

	private int connects;

	private boolean closed;

	private @Nullable String gaveUp;

	/**
	 * Why the last attempt to connect failed; null after one that succeeded.
	 */
	private @Nullable Throwable connectFailure;

	private @Nullable Thread reconnecting;

	private ResumableWsTestClient(Builder settings) {
		this.settings = settings;
		if (settings.sessionId != null) {
			this.session.startAt(settings.sessionId.toString(), settings.lastEventId);
		}
	}

	/**
	 * Returns a builder.
	 * @param uri the endpoint, such as {@code ws://localhost:8080/ws}
	 * @return the builder
	 */
	public static Builder builder(URI uri) {
		return new Builder(() -> uri);
	}

	/**
	 * Returns a builder for {@code ws://localhost:<port>/ws}.
	 * @param port the port
	 * @return the builder
	 */
	public static Builder builder(int port) {
		return builder(URI.create("ws://localhost:" + port + "/ws"));
	}

	/**
	 * Returns a builder for an endpoint that may change.
	 * @param uri supplies the endpoint for each connection
	 * @return the builder
	 */
	public static Builder builder(Supplier<URI> uri) {
		return new Builder(uri);
	}

	/**
	 * Returns the session's id, and waits for it if necessary.
	 * @return the id
	 */
	public UUID sessionId() {
		awaitUntil("session_init", () -> this.session.sessionId() != null);
		return UUID.fromString(String.valueOf(this.session.sessionId()));
	}

	/**
	 * Returns the id of the last event that was received, with which the next connection
	 * resumes.
	 * @return the id; 0 if there was no event
	 */
	public long lastEventId() {
		return this.session.lastEventId();
	}

	/**
	 * Returns whether the connection is open and the server has sent
	 * {@code session_init}.
	 * @return whether the client can send
	 */
	public boolean isConnected() {
		synchronized (this.monitor) {
			return this.connection != null && this.session.isInitialised();
		}
	}

	/**
	 * Returns how many connections were opened after the first.
	 * @return the number
	 */
	public int reconnects() {
		synchronized (this.monitor) {
			return Math.max(0, this.connects - 1);
		}
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
		synchronized (this.monitor) {
			this.outbox.add(key, message);
			sendDue();
		}
	}

	/**
	 * Sends a message once, on the current connection, without waiting and without
	 * keeping it.
	 * @param message the message: a map or another object, which is converted to JSON, or
	 * a string, which is sent as it is
	 * @return whether there is a connection; the server may not receive the message even
	 * so
	 */
	public boolean sendOnce(Object message) {
		synchronized (this.monitor) {
			return isConnected() && this.connection != null && this.connection.send(message);
		}
	}

	/**
	 * Returns the keys of the messages that the server has neither acknowledged nor
	 * rejected.
	 * @return the keys
	 */
	public Set<UUID> unacknowledged() {
		synchronized (this.monitor) {
			return this.outbox.unacknowledged();
		}
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
	 * @param condition what the frame must fulfil
	 * @return the first such frame that no wait has returned
	 */
	public <F extends ServerFrame> F await(Class<F> type, Predicate<? super F> condition) {
		return type
			.cast(await(type.getSimpleName(), (frame) -> type.isInstance(frame) && condition.test(type.cast(frame))));
	}

	/**
	 * Waits for a frame.
	 * @param type the message's type, such as {@code ack} or {@code order_shipped}
	 * @return the first such frame that no wait has returned
	 */
	public ServerFrame await(String type) {
		return await("frame of type '" + type + "'", (frame) -> frame.type().equals(type));
	}

	/**
	 * Waits for a durable event.
	 * @param type the event's type
	 * @return the first such event that no wait has returned
	 */
	public ServerFrame.Event awaitEvent(String type) {
		return (ServerFrame.Event) await("event of type '" + type + "'",
				(frame) -> frame instanceof ServerFrame.Event && frame.type().equals(type));
	}

	private ServerFrame await(String what, Predicate<ServerFrame> wanted) {
		synchronized (this.monitor) {
			awaitUntil(what, () -> this.unread.stream().anyMatch(wanted));
			ServerFrame frame = this.unread.stream().filter(wanted).findFirst().orElseThrow();
			this.unread.removeIf((other) -> other == frame);
			return frame;
		}
	}

	/**
	 * Waits until the server acknowledges a message. Fails if the server rejects it.
	 * @param key the message's idempotency key
	 * @return the last {@code ack} of the message
	 */
	public ServerFrame.Ack awaitAck(UUID key) {
		synchronized (this.monitor) {
			awaitUntil("ack of " + key, () -> isAnswered(key));
			ServerFrame.Ack ack = findLast(ServerFrame.Ack.class, key).orElse(null);
			if (ack == null) {
				throw failure("The server rejected message " + key);
			}
			return ack;
		}
	}

	/**
	 * Waits until the server answers a message with an error.
	 * @param key the message's idempotency key
	 * @return the last {@code error} about the message
	 */
	public ServerFrame.Error awaitError(UUID key) {
		synchronized (this.monitor) {
			awaitUntil("error about " + key, () -> findLast(ServerFrame.Error.class, key).isPresent());
			return findLast(ServerFrame.Error.class, key).orElseThrow();
		}
	}

	private boolean isAnswered(UUID key) {
		return !this.outbox.isPending(key) && (findLast(ServerFrame.Ack.class, key).isPresent()
				|| findLast(ServerFrame.Error.class, key).isPresent());
	}

	private <F extends ServerFrame> Optional<F> findLast(Class<F> type, UUID key) {
		return this.frames.stream()
			.filter(type::isInstance)
			.map(type::cast)
			.filter((frame) -> frame.idempotencyKey().filter(key::equals).isPresent())
			.reduce((first, last) -> last);
	}

	/**
	 * Waits until the client has received an event and all before it.
	 * @param eventId the event's id
	 */
	public void awaitEventId(long eventId) {
		awaitUntil("event " + eventId, () -> lastEventId() >= eventId);
	}

	/**
	 * Waits until the current connection has caught up with the log.
	 */
	public void awaitReplayComplete() {
		awaitUntil("replay_complete", () -> isConnected() && this.session.isReplayComplete());
	}

	/**
	 * Waits until the reply to a user message begins.
	 * @param key the user message's idempotency key
	 * @return the reply's {@code message_id}: that of the last attempt so far
	 */
	public String awaitReply(UUID key) {
		synchronized (this.monitor) {
			awaitUntil("reply to " + key, () -> this.session.reply(key.toString()) != null);
			return String.valueOf(this.session.reply(key.toString()));
		}
	}

	/**
	 * Waits until the reply to a user message has ended, in whichever way.
	 * @param key the user message's idempotency key
	 * @return the reply's text
	 */
	public String awaitWholeReply(UUID key) {
		awaitUntil("end of the reply to " + key, () -> this.session.hasAnswered(key.toString()));
		return text(awaitReply(key));
	}

	/**
	 * Waits until a reply has ended, in whichever way.
	 * @param messageId the reply's {@code message_id}
	 */
	public void awaitReplyEnd(String messageId) {
		awaitUntil("end of reply " + messageId, () -> this.session.hasEnded(messageId));
	}

	/**
	 * Returns the text of a reply so far.
	 * @param messageId the reply's {@code message_id}
	 * @return the text
	 */
	public String text(String messageId) {
		return this.session.text(messageId);
	}

	/**
	 * Waits until the current connection has ended.
	 * @return how the last connection ended
	 */
	public Close awaitClose() {
		synchronized (this.monitor) {
			awaitUntil("end of the connection", () -> this.connection == null && !this.closes.isEmpty(), () -> true);
			return this.closes.get(this.closes.size() - 1);
		}
	}

	/**
	 * Returns the frames of all connections.
	 * @return the frames in the order of their arrival
	 */
	public List<ServerFrame> frames() {
		synchronized (this.monitor) {
			return List.copyOf(this.frames);
		}
	}

	/**
	 * Returns the session's durable events. If the server could not resume, those that
	 * are still part of the session, and those since.
	 * @return the events in the order of their ids
	 */
	public List<ServerFrame.Event> events() {
		return this.session.events().stream().map(ServerFrame.Event::new).toList();
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
		synchronized (this.monitor) {
			return List.copyOf(this.closes);
		}
	}

	/**
	 * Returns why the server did not resume the session, for each time it did not.
	 * @return the reasons in order
	 */
	public List<String> resets() {
		return this.session.resets();
	}

	/**
	 * Returns what the server must not have done. While a reply runs, deltas that were
	 * compacted count as missing; its end removes them from the list.
	 * @return descriptions; empty if the server kept the protocol
	 */
	public List<String> violations() {
		return this.session.violations();
	}

	/**
	 * Returns why a client that reconnects has stopped to do so.
	 * @return the reason; null while it reconnects
	 */
	public @Nullable String gaveUp() {
		synchronized (this.monitor) {
			return this.gaveUp;
		}
	}

	/**
	 * Ends the connection without a close frame, as a broken network would. A client that
	 * was started with {@link Builder#start()} reconnects.
	 */
	public void disconnect() {
		synchronized (this.monitor) {
			if (this.connection != null) {
				this.connection.abort();
			}
		}
	}

	/**
	 * Disconnects, and connects again with the session's id and the last event's id.
	 * @throws HandshakeRejectedException when the server refuses
	 */
	public void resume() {
		if (this.reconnecting != null) {
			throw new IllegalStateException("This client resumes automatically");
		}
		disconnect();
		connect();
	}

	/**
	 * Closes the connection with code 1000, without waiting for the answer, and stops to
	 * reconnect.
	 */
	@Override
	public void close() {
		synchronized (this.monitor) {
			this.closed = true;
			if (this.connection != null) {
				this.connection.close();
			}
			this.monitor.notifyAll();
		}
		Thread thread = this.reconnecting;
		if (thread != null) {
			thread.interrupt();
		}
	}

	/**
	 * Describes the client's state, for the message of an assertion.
	 */
	@Override
	public String toString() {
		synchronized (this.monitor) {
			return "client of session %s, %s, last event id %d, %d reconnects, unacknowledged %s, closes %s, resets %s, violations %s"
				.formatted(this.session.sessionId(), state(), lastEventId(), reconnects(), this.outbox.unacknowledged(),
						last(this.closes), resets(), last(violations()));
		}
	}

	private String state() {
		if (this.gaveUp != null) {
			return "given up: " + this.gaveUp;
		}
		if (isConnected()) {
			return "connected";
		}
		return (this.connectFailure != null) ? "not connected: " + this.connectFailure : "not connected";
	}

	private void connect() {
		Connection opened = open();
		synchronized (this.monitor) {
			awaitUntil("session_init", () -> this.session.isInitialised() || this.connection != opened, () -> true);
		}
	}

	private Connection open() {
		Connection opening = new Connection(this.sink);
		synchronized (this.monitor) {
			this.session.connecting();
			this.connection = opening;
		}
		try {
			Handshake.perform(this.settings, this.session, opening);
		}
		catch (RuntimeException ex) {
			synchronized (this.monitor) {
				this.connection = null;
			}
			throw ex;
		}
		synchronized (this.monitor) {
			this.connects++;
			this.connectFailure = null;
			if (this.closed) {
				opening.close();
			}
		}
		return opening;
	}

	private void start() {
		Thread thread = new Thread(this::keepConnected, "resumable-ws-test-client");
		thread.setDaemon(true);
		this.reconnecting = thread;
		thread.start();
	}

	private void keepConnected() {
		long failingSince = System.nanoTime();
		while (!isOver()) {
			try {
				Connection opened = open();
				awaitEnd(opened);
				failingSince = System.nanoTime();
			}
			catch (RuntimeException ex) {
				noteFailure(ex);
				if (ex instanceof HandshakeRejectedException refused && FINAL_STATUSES.contains(refused.status())) {
					giveUp(String.valueOf(ex.getMessage()));
				}
				else if (System.nanoTime() - failingSince > this.settings.timeout.toNanos()) {
					giveUp("no connection after " + this.settings.timeout + ": " + ex.getMessage());
				}
				pause();
			}
			catch (InterruptedException ex) {
				giveUp("interrupted");
			}
			catch (Error ex) {
				noteFailure(ex);
				giveUp(ex.toString());
				throw ex;
			}
		}
	}

	private void noteFailure(Throwable failure) {
		synchronized (this.monitor) {
			this.connectFailure = failure;
		}
	}

	private boolean isOver() {
		synchronized (this.monitor) {
			return this.closed || this.gaveUp != null;
		}
	}

	private void awaitEnd(Connection opened) throws InterruptedException {
		synchronized (this.monitor) {
			while (this.connection == opened && !this.closed) {
				sendDue();
				this.monitor.wait(TICK_MILLIS);
			}
			if (!this.closed && FINAL_CODES.contains(this.closes.get(this.closes.size() - 1).code())) {
				giveUp("closed with " + this.closes.get(this.closes.size() - 1));
			}
		}
	}

	private void pause() {
		try {
			Thread.sleep(RECONNECT_MILLIS);
		}
		catch (InterruptedException ex) {
			giveUp("interrupted");
		}
	}

	private void giveUp(String reason) {
		synchronized (this.monitor) {
			this.gaveUp = reason;
			this.monitor.notifyAll();
		}
	}

	private void sendDue() {
		this.outbox.sendDue(this::sendOnce);
	}

	private void awaitUntil(String what, BooleanSupplier condition) {
		awaitUntil(what, condition,
				() -> (this.reconnecting != null) ? this.gaveUp == null && !this.closed : this.connection != null);
	}

	private void awaitUntil(String what, BooleanSupplier condition, BooleanSupplier possible) {
		long deadline = System.nanoTime() + this.settings.timeout.toNanos();
		synchronized (this.monitor) {
			while (!condition.getAsBoolean()) {
				long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
				if (!possible.getAsBoolean()) {
					throw failure("There can be no %s any more".formatted(what));
				}
				if (left <= 0) {
					throw failure("There was no %s within %s".formatted(what, this.settings.timeout));
				}
				sendDue();
				try {
					this.monitor.wait(Math.min(left, TICK_MILLIS));
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
					throw failure("Interrupted while waiting for " + what);
				}
			}
		}
	}

	private AssertionError failure(String problem) {
		StringBuilder message = new StringBuilder(problem).append(System.lineSeparator()).append(this);
		message.append(System.lineSeparator())
			.append("%d frames received, the last of them:".formatted(this.frames.size()));
		List<ServerFrame> shown = this.frames.subList(Math.max(0, this.frames.size() - FRAMES_SHOWN),
				this.frames.size());
		shown.forEach((frame) -> message.append(System.lineSeparator()).append("  ").append(frame.json()));
		return new AssertionError(message.toString());
	}

	private static <T> List<T> last(List<T> all) {
		return all.subList(Math.max(0, all.size() - 5), all.size());
	}

	/**
	 * Takes what the current connection receives.
	 */
	private final class Receiver implements Connection.Sink {

		@Override
		public void received(Connection from, JsonNode message) {
			ResumableWsTestClient client = ResumableWsTestClient.this;
			synchronized (client.monitor) {
				if (client.connection == from) {
					ServerFrame frame = ServerFrame.of(message);
					client.frames.add(frame);
					client.unread.add(frame);
					client.session.take(message);
					client.outbox.take(frame);
					client.sendDue();
					client.monitor.notifyAll();
				}
			}
		}

		@Override
		public void ended(Connection which, Close close) {
			ResumableWsTestClient client = ResumableWsTestClient.this;
			synchronized (client.monitor) {
				if (client.connection == which) {
					client.connection = null;
					client.closes.add(close);
					client.monitor.notifyAll();
				}
			}
		}

	}

	/**
	 * Settings of clients. Immutable: each method returns another builder, so one builder
	 * can serve many tests and threads.
	 */
	public static final class Builder {

		Supplier<URI> uri;

		Map<String, String> query = new LinkedHashMap<>();

		Map<String, String> headers = new LinkedHashMap<>();

		@Nullable TestTokens tokens;

		@Nullable Supplier<String> token;

		TokenPlacement placement = TokenPlacement.HEADER;

		@Nullable UUID sessionId;

		long lastEventId;

		Duration timeout = Duration.ofSeconds(20);

		Duration handshakeTimeout = Duration.ofSeconds(10);

		@Nullable HttpClient httpClient;

		private Builder(Supplier<URI> uri) {
			this.uri = uri;
		}

		private Builder with(Consumer<Builder> change) {
			Builder copy = new Builder(this.uri);
			copy.query = new LinkedHashMap<>(this.query);
			copy.headers = new LinkedHashMap<>(this.headers);
			copy.tokens = this.tokens;
			copy.token = this.token;
			copy.placement = this.placement;
			copy.sessionId = this.sessionId;
			copy.lastEventId = this.lastEventId;
			copy.timeout = this.timeout;
			copy.handshakeTimeout = this.handshakeTimeout;
			copy.httpClient = this.httpClient;
			change.accept(copy);
			return copy;
		}

		/**
		 * Sets the endpoint.
		 * @param uri the endpoint, such as {@code wss://localhost:8443/ws}
		 * @return another builder
		 */
		public Builder uri(URI uri) {
			return uri(() -> uri);
		}

		/**
		 * Sets the endpoint, which is read for each connection.
		 * @param uri supplies the endpoint
		 * @return another builder
		 */
		public Builder uri(Supplier<URI> uri) {
			return with((builder) -> builder.uri = uri);
		}

		/**
		 * Sets the issuer of tokens for {@link #user}.
		 * @param tokens the issuer
		 * @return another builder
		 */
		public Builder tokens(TestTokens tokens) {
			return with((builder) -> builder.tokens = tokens);
		}

		/**
		 * Sets the user, for whom a token is issued for each connection.
		 * @param userId the user's id
		 * @return another builder
		 * @throws IllegalStateException if there is no issuer
		 */
		public Builder user(String userId) {
			TestTokens issuer = this.tokens;
			if (issuer == null) {
				throw new IllegalStateException(
						"There is no issuer of tokens. Set resumable-ws.auth.jwt.secret in the test, or call tokens(…) or token(…)");
			}
			return token(() -> issuer.forUser(userId));
		}

		/**
		 * Sets the token.
		 * @param token the token
		 * @return another builder
		 */
		public Builder token(String token) {
			return token(() -> token);
		}

		/**
		 * Sets the token, which is read for each connection.
		 * @param token supplies the token
		 * @return another builder
		 */
		public Builder token(Supplier<String> token) {
			return with((builder) -> builder.token = token);
		}

		/**
		 * Sets where the token is put; by default in the header {@code Authorization}.
		 * @param placement the place
		 * @return another builder
		 */
		public Builder tokenPlacement(TokenPlacement placement) {
			return with((builder) -> builder.placement = placement);
		}

		/**
		 * Resumes a session from its first event.
		 * @param sessionId the session's id
		 * @return another builder
		 */
		public Builder session(UUID sessionId) {
			return session(sessionId, 0);
		}

		/**
		 * Resumes a session after an event.
		 * @param sessionId the session's id
		 * @param lastEventId the event's id, 0 or more
		 * @return another builder
		 */
		public Builder session(UUID sessionId, long lastEventId) {
			return with((builder) -> {
				builder.sessionId = sessionId;
				builder.lastEventId = lastEventId;
			});
		}

		/**
		 * Sets a query parameter.
		 * @param name the parameter's name
		 * @param value the value, which is encoded
		 * @return another builder
		 */
		public Builder query(String name, Object value) {
			return with((builder) -> builder.query.put(name, value.toString()));
		}

		/**
		 * Sets a header of the handshake.
		 * @param name the header's name, such as {@code Origin}
		 * @param value the value
		 * @return another builder
		 */
		public Builder header(String name, String value) {
			return with((builder) -> builder.headers.put(name, value));
		}

		/**
		 * Sets the cookies of the handshake.
		 * @param cookies the value of the header {@code Cookie}
		 * @return another builder
		 */
		public Builder cookie(String cookies) {
			return header("Cookie", cookies);
		}

		/**
		 * Sets how long each wait lasts at most; 20 seconds by default.
		 * @param timeout the time-out
		 * @return another builder
		 */
		public Builder timeout(Duration timeout) {
			return with((builder) -> builder.timeout = timeout);
		}

		/**
		 * Sets how long one attempt to connect lasts at most; 10 seconds by default.
		 * @param timeout the time-out
		 * @return another builder
		 */
		public Builder handshakeTimeout(Duration timeout) {
			return with((builder) -> builder.handshakeTimeout = timeout);
		}

		/**
		 * Sets the HTTP client to connect with, for example one that trusts the
		 * certificate of a test.
		 * @param httpClient the HTTP client
		 * @return another builder
		 */
		public Builder httpClient(HttpClient httpClient) {
			return with((builder) -> builder.httpClient = httpClient);
		}

		/**
		 * Connects, and waits until the server has sent {@code session_init} or has
		 * closed the connection.
		 * @return a client that does not reconnect
		 * @throws HandshakeRejectedException when the server refuses
		 * @throws java.io.UncheckedIOException when the server cannot be reached
		 */
		public ResumableWsTestClient connect() {
			ResumableWsTestClient client = new ResumableWsTestClient(this);
			client.connect();
			return client;
		}

		/**
		 * Starts a client that connects in the background, and reconnects whenever its
		 * connection ends. It gives up after a close code or status that the protocol
		 * defines as final, or when it cannot connect for as long as the time-out.
		 * @return the client, which may not be connected yet
		 */
		public ResumableWsTestClient start() {
			ResumableWsTestClient client = new ResumableWsTestClient(this);
			client.start();
			return client;
		}

	}

}
