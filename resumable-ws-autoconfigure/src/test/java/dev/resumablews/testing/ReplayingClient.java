package dev.resumablews.testing;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A strict client that resumes: it connects again with its cursor as soon as a connection
 * breaks, sends what is not acknowledged again on each connection, and after the error
 * {@code unavailable}, goes back when the server's log has lost events, and records what
 * the server should not have done:
 * <ol>
 * <li>an event id that repeats or decreases, on one connection or after a resume;
 * <li>an event id that is left out and that neither the delta after it, merged of
 * several, nor a later {@code assistant_message} stands in for;
 * <li>a delta that repeats other text, or leaves a hole, or comes after the end;
 * <li>a whole message that does not begin with what was said; a second end;
 * <li>a message of the client's that was stored twice;
 * <li>a wrong {@code replay}, {@code replay_complete} or {@code session_init}.
 * </ol>
 * Every wait is bounded. Safe for use by many threads.
 */
public final class ReplayingClient implements AutoCloseable {

	private static final Duration TICK = Duration.ofMillis(50);

	private static final Duration RESEND_AFTER = Duration.ofMillis(200);

	private static final List<Integer> FINAL_CODES = List.of(1000, 1003, 1007, 1009, 4400, 4409);

	private static final List<Integer> FINAL_STATUSES = List.of(400, 401, 403, 404);

	private final Supplier<WsTestClient.Builder> address;

	private final Duration patience;

	private final ReplayedSession session = new ReplayedSession();

	private final List<Integer> closeCodes = new CopyOnWriteArrayList<>();

	private final List<JsonNode> errors = new CopyOnWriteArrayList<>();

	/**
	 * What the server said of the history, and what this client had said before.
	 */
	private final List<String> histories = new CopyOnWriteArrayList<>();

	private final Map<String, Pending> pending = new LinkedHashMap<>();

	/**
	 * Acknowledged messages, by key. Guarded by {@link #pending}.
	 */
	private final Map<String, Pending> stored = new LinkedHashMap<>();

	private final AtomicInteger connects = new AtomicInteger();

	private final Object news = new Object();

	private final Thread thread;

	private volatile @Nullable WsTestClient connection;

	private volatile boolean closed;

	private volatile @Nullable String gaveUp;

	private ReplayingClient(Supplier<WsTestClient.Builder> address, Duration patience) {
		this.address = address;
		this.patience = patience;
		this.thread = new Thread(this::run, "replaying-client");
		this.thread.setDaemon(true);
	}

	/**
	 * Starts a client of a new session, that waits 30 seconds at most for anything.
	 * @param address gives where to connect to and who says so; it is asked anew for each
	 * connection
	 * @return the client, which may not be connected yet
	 */
	public static ReplayingClient start(Supplier<WsTestClient.Builder> address) {
		return start(address, Duration.ofSeconds(30));
	}

	/**
	 * Starts a client of a new session.
	 * @param address gives where to connect to and who says so; it is asked anew for each
	 * connection
	 * @param patience how long to wait for anything, also for a server to connect to
	 * @return the client, which may not be connected yet
	 */
	public static ReplayingClient start(Supplier<WsTestClient.Builder> address, Duration patience) {
		ReplayingClient client = new ReplayingClient(address, patience);
		client.thread.start();
		return client;
	}

	/**
	 * Waits until the session is known.
	 * @return the session's id
	 */
	public String sessionId() {
		awaitUntil("a session", () -> this.session.sessionId() != null);
		String id = this.session.sessionId();
		return (id != null) ? id : "";
	}

	public long lastEventId() {
		return this.session.lastEventId();
	}

	/**
	 * Sends a user message, on this connection or the next, until it is acknowledged.
	 * @param content what the user says
	 * @return the message's idempotency key
	 */
	public String say(String content) {
		String key = UUID.randomUUID().toString();
		sendOnce(Map.of("type", "user_message", "content", content, "idempotency_key", key));
		return key;
	}

	/**
	 * Sends a message, on this connection or the next, until it is acknowledged.
	 * @param fields the message, with an {@code idempotency_key}
	 */
	public void sendOnce(Map<String, ?> fields) {
		synchronized (this.pending) {
			this.pending.put(String.valueOf(fields.get("idempotency_key")), new Pending(fields));
		}
		sendPending();
	}

	/**
	 * Sends a message on the present connection, if there is one.
	 * @param fields the message
	 * @return whether it was sent, for all this side knows
	 */
	public boolean send(Map<String, ?> fields) {
		WsTestClient client = this.connection;
		try {
			if (client != null) {
				client.send(fields);
			}
			return client != null;
		}
		catch (IllegalStateException ex) {
			return false;
		}
	}

	/**
	 * Returns how many messages wait to be acknowledged.
	 * @return the number of messages
	 */
	public int unacknowledged() {
		synchronized (this.pending) {
			return this.pending.size();
		}
	}

	/**
	 * Waits until a message is acknowledged.
	 * @param idempotencyKey the message's key
	 */
	public void awaitAck(String idempotencyKey) {
		awaitUntil("an ack of " + idempotencyKey, () -> {
			synchronized (this.pending) {
				return !this.pending.containsKey(idempotencyKey);
			}
		});
	}

	/**
	 * Waits for an event.
	 * @param wanted says which
	 * @return the first such event of the session
	 */
	public JsonNode awaitEvent(Predicate<JsonNode> wanted) {
		awaitUntil("such an event", () -> events().stream().anyMatch(wanted));
		return events().stream().filter(wanted).findFirst().orElseThrow();
	}

	/**
	 * Waits for the reply to a user message to begin.
	 * @param idempotencyKey the user message's key
	 * @return the reply's message id; the last one, if it was superseded meanwhile
	 */
	public String awaitReply(String idempotencyKey) {
		long asked = awaitEvent((event) -> type(event).equals("user_message")
				&& event.path("payload").path("idempotency_key").asString("").equals(idempotencyKey))
			.path("event_id")
			.asLong();
		Predicate<JsonNode> begun = (event) -> type(event).equals("assistant_started")
				&& event.path("payload").path("in_reply_to").asLong(-1) == asked;
		awaitEvent(begun);
		return events().stream()
			.filter(begun)
			.reduce((first, last) -> last)
			.orElseThrow()
			.path("payload")
			.path("message_id")
			.asString();
	}

	/**
	 * Waits until the reply to a user message has ended, whichever way.
	 * @param idempotencyKey the user message's key
	 * @return the reply's text
	 */
	public String awaitWholeReply(String idempotencyKey) {
		awaitUntil("the end of the reply to " + idempotencyKey, () -> this.session.hasAnswered(idempotencyKey));
		return text(awaitReply(idempotencyKey));
	}

	/**
	 * Waits until a reply has ended, whichever way.
	 * @param messageId the reply's message id
	 */
	public void awaitEnd(String messageId) {
		awaitUntil("the end of " + messageId, () -> this.session.hasEnded(messageId));
	}

	/**
	 * Waits until an event and all before it were received.
	 * @param eventId the event's id
	 */
	public void awaitEventId(long eventId) {
		awaitUntil("event " + eventId, () -> lastEventId() >= eventId);
	}

	/**
	 * Waits until this client is connected and has caught up.
	 */
	public void awaitReplayComplete() {
		awaitUntil("replay_complete", () -> this.connection != null && this.session.isReplayComplete());
	}

	/**
	 * Returns all events of the session so far; after a reset, those since.
	 * @return the events in order
	 */
	public List<JsonNode> events() {
		return this.session.events();
	}

	/**
	 * Returns what a reply has said so far.
	 * @param messageId the reply's message id
	 * @return the text
	 */
	public String text(String messageId) {
		return this.session.text(messageId);
	}

	/**
	 * Returns what the server should not have done. Events that are left out count until
	 * the {@code assistant_message} comes that stands in for them, so this is best asked
	 * when all replies have ended.
	 * @return the violations in words
	 */
	public List<String> violations() {
		return this.session.violations();
	}

	/**
	 * Returns why the server could not resume, each time it could not.
	 * @return the reasons
	 */
	public List<String> resets() {
		return this.session.resets();
	}

	/**
	 * Returns the server's {@code error} messages.
	 * @return the messages
	 */
	public List<JsonNode> errors() {
		return List.copyOf(this.errors);
	}

	/**
	 * Returns how each connection ended.
	 * @return the close codes
	 */
	public List<Integer> closeCodes() {
		return List.copyOf(this.closeCodes);
	}

	/**
	 * Returns how often this client connected again.
	 * @return the number of connections without the first
	 */
	public int reconnects() {
		return Math.max(0, this.connects.get() - 1);
	}

	/**
	 * Returns the present connection, to do to it what a network would.
	 * @return the connection, if there is one
	 */
	public @Nullable WsTestClient connection() {
		return this.connection;
	}

	/**
	 * Resets the present connection.
	 */
	public void cut() {
		WsTestClient client = this.connection;
		if (client != null) {
			client.abort();
		}
	}

	/**
	 * Returns why this client connects no more.
	 * @return the reason; null while it does
	 */
	public @Nullable String gaveUp() {
		return this.gaveUp;
	}

	/**
	 * Tells what this client is doing, for the message of an assertion.
	 */
	@Override
	public String toString() {
		WsTestClient client = this.connection;
		synchronized (this.pending) {
			return "client of session %s: %s, event %d, %d connects, %d unacknowledged %s, closed with %s, errors %s, histories %s"
				.formatted(this.session.sessionId(),
						(this.gaveUp != null) ? "gave up: " + this.gaveUp
								: (client != null) ? (client.isOpen() ? "connected" : "closed") : "not connected",
						lastEventId(), this.connects.get(), this.pending.size(), this.pending.keySet(),
						last(this.closeCodes), last(this.errors));
		}
	}

	@Override
	public void close() {
		this.closed = true;
		WsTestClient client = this.connection;
		if (client != null) {
			client.close();
		}
		this.thread.interrupt();
		try {
			this.thread.join(5000);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void run() {
		long failingSince = System.nanoTime();
		while (!this.closed && this.gaveUp == null) {
			try (WsTestClient client = connect()) {
				listen(client);
				failingSince = System.nanoTime();
				if (!this.closed) {
					ended(client.awaitClose());
				}
			}
			catch (UpgradeRefusedException ex) {
				if (FINAL_STATUSES.contains(ex.status())) {
					giveUp(String.valueOf(ex.getMessage()));
				}
				pauseAfterFailure(failingSince, ex);
			}
			catch (IllegalStateException ex) {
				pauseAfterFailure(failingSince, ex);
			}
		}
	}

	private WsTestClient connect() {
		WsTestClient.Builder builder = this.address.get();
		String sessionId = this.session.sessionId();
		if (sessionId != null) {
			builder.query("sessionId", sessionId).query("lastEventId", this.session.lastEventId());
			String epoch = this.session.epoch();
			if (epoch != null) {
				builder.query("epoch", epoch);
			}
		}
		this.session.connecting();
		WsTestClient client = builder.connect();
		this.connects.incrementAndGet();
		this.connection = client;
		return client;
	}

	private void listen(WsTestClient client) {
		while (!this.closed) {
			JsonNode message = client.poll(TICK);
			if (message != null) {
				take(message);
			}
			else if (!client.isOpen()) {
				break;
			}
			sendPending();
		}
		this.connection = null;
	}

	private void take(JsonNode message) {
		if (message.has("epoch")) {
			this.histories.add("at %d of %s: %s".formatted(lastEventId(), this.session.epoch(), message));
		}
		this.session.take(message);
		String key = message.path("idempotency_key").asString("");
		switch (type(message)) {
			case "session_init" -> {
				offerAgain(message);
				resendAll();
			}
			case "session_epoch" -> offerAgain(message);
			case "ack" -> {
				keep(key, message);
				acknowledged(key);
			}
			case "error" -> {
				this.errors.add(message);
				if (message.path("code").asString("").equals("unavailable")) {
					resendLater(key);
				}
				else {
					acknowledged(key);
				}
			}
			default -> {
				// for the session
			}
		}
		synchronized (this.news) {
			this.news.notifyAll();
		}
	}

	private void keep(String key, JsonNode ack) {
		synchronized (this.pending) {
			Pending message = this.pending.get(key);
			if (message != null) {
				message.eventId = ack.path("event_id").asLong(Long.MAX_VALUE);
				this.stored.put(key, message);
			}
		}
	}

	/**
	 * Sends again what was acknowledged in a history that is lost, or may have been.
	 */
	private void offerAgain(JsonNode message) {
		JsonNode rewindTo = message.path("rewind_to");
		synchronized (this.pending) {
			this.stored.entrySet().removeIf((entry) -> {
				boolean lost = rewindTo.isNumber() && entry.getValue().eventId > rewindTo.asLong();
				if (lost) {
					entry.getValue().sent = false;
					this.pending.put(entry.getKey(), entry.getValue());
				}
				return lost;
			});
		}
	}

	private void acknowledged(String key) {
		synchronized (this.pending) {
			this.pending.remove(key);
		}
	}

	private void resendAll() {
		synchronized (this.pending) {
			this.pending.values().forEach((message) -> message.sent = false);
		}
	}

	private void resendLater(String key) {
		synchronized (this.pending) {
			Pending message = this.pending.get(key);
			if (message != null) {
				message.sent = false;
				message.notBefore = System.nanoTime() + RESEND_AFTER.toNanos();
			}
		}
	}

	private void sendPending() {
		if (!this.session.isInitialised()) {
			return;
		}
		synchronized (this.pending) {
			long now = System.nanoTime();
			this.pending.values()
				.stream()
				.filter((message) -> !message.sent && now - message.notBefore >= 0)
				.forEach((message) -> message.sent = send(message.fields));
		}
	}

	private void ended(int code) {
		this.closeCodes.add(code);
		if (FINAL_CODES.contains(code)) {
			giveUp("close code " + code);
		}
	}

	private void pauseAfterFailure(long failingSince, RuntimeException failure) {
		if (System.nanoTime() - failingSince > this.patience.toNanos()) {
			giveUp("no connection after " + this.patience + ": " + failure.getMessage());
		}
		synchronized (this.news) {
			try {
				this.news.wait(20);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				giveUp("interrupted");
			}
		}
	}

	private void giveUp(String reason) {
		this.gaveUp = reason;
		synchronized (this.news) {
			this.news.notifyAll();
		}
	}

	private void awaitUntil(String what, Supplier<Boolean> holds) {
		long deadline = System.nanoTime() + this.patience.toNanos();
		synchronized (this.news) {
			while (!holds.get()) {
				long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
				if (left <= 0 || this.gaveUp != null) {
					throw new AssertionError(
							"Still waiting for %s after %s; gave up: %s; %d reconnects, last close codes %s; last errors %s; violations %s; %d events, last %s"
								.formatted(what, this.patience, this.gaveUp, reconnects(), last(this.closeCodes),
										last(this.errors), violations(), events().size(), last(events())));
				}
				try {
					this.news.wait(Math.min(left, 200));
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
					throw new AssertionError("Interrupted while waiting for " + what, ex);
				}
			}
		}
	}

	private static <T> List<T> last(List<T> all) {
		List<T> copy = List.copyOf(all);
		return copy.subList(Math.max(0, copy.size() - 5), copy.size());
	}

	private static String type(JsonNode message) {
		return message.path("type").asString("");
	}

	/**
	 * A message that waits to be acknowledged. Guarded by the map it is in.
	 */
	private static final class Pending {

		private final Map<String, ?> fields;

		private boolean sent;

		/**
		 * The event it was acknowledged as.
		 */
		private long eventId;

		private long notBefore = System.nanoTime();

		Pending(Map<String, ?> fields) {
			this.fields = fields;
		}

	}

}
