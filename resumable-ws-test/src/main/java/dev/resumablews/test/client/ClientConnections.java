package dev.resumablews.test.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * State of a client: its session, its connections one after another, and what they have
 * received. Its monitor guards the state, and is notified of each change. Safe for use by
 * many threads.
 */
final class ClientConnections implements Connection.Sink {

	private static final long TICK_MILLIS = 50;

	private static final int FRAMES_SHOWN = 20;

	private static final int ENTRIES_SHOWN = 5;

	private final ResumableWsTestClientBuilder settings;

	private final ReplayedSession session = new ReplayedSession();

	private final Outbox outbox = new Outbox();

	private final ReceivedFrames frames = new ReceivedFrames();

	private final List<Close> closes = new ArrayList<>();

	private @Nullable Connection connection;

	private int connects;

	private boolean closed;

	private @Nullable Reconnector reconnector;

	ClientConnections(ResumableWsTestClientBuilder settings) {
		this.settings = settings;
		if (settings.sessionId != null) {
			this.session.startAt(settings.sessionId.toString(), settings.lastEventId);
		}
	}

	ReplayedSession session() {
		return this.session;
	}

	synchronized boolean isConnected() {
		return this.connection != null && this.session.isInitialised();
	}

	synchronized int reconnects() {
		return Math.max(0, this.connects - 1);
	}

	synchronized List<ServerFrame> frames() {
		return this.frames.all();
	}

	synchronized List<Close> closes() {
		return List.copyOf(this.closes);
	}

	synchronized Set<UUID> unacknowledged() {
		return this.outbox.unacknowledged();
	}

	synchronized @Nullable String gaveUp() {
		return (this.reconnector != null) ? this.reconnector.gaveUp() : null;
	}

	synchronized boolean isClosed() {
		return this.closed;
	}

	synchronized boolean isAutomatic() {
		return this.reconnector != null;
	}

	synchronized void changed() {
		notifyAll();
	}

	/**
	 * Sends a message, and keeps it until the server answers it.
	 */
	synchronized void keep(UUID key, Map<String, ?> message) {
		this.outbox.add(key, message);
		sendDue();
	}

	synchronized boolean sendOnce(Object message) {
		return isConnected() && this.connection != null && this.connection.send(message);
	}

	/**
	 * Connects once, and waits for {@code session_init} or the end of the connection.
	 */
	void connect() {
		Connection opened = open();
		awaitValue("session_init", () -> (this.session.isInitialised() || this.connection != opened) ? opened : null,
				() -> true);
	}

	/**
	 * Opens a connection that replaces the previous one.
	 */
	Connection open() {
		Connection opening = new Connection(this);
		synchronized (this) {
			this.session.connecting();
			this.connection = opening;
		}
		try {
			Handshake.perform(this.settings, this.session, opening);
		}
		catch (RuntimeException ex) {
			synchronized (this) {
				this.connection = null;
			}
			throw ex;
		}
		synchronized (this) {
			this.connects++;
			if (this.closed) {
				opening.close();
			}
		}
		return opening;
	}

	synchronized void keepConnected() {
		this.reconnector = new Reconnector(this, this.settings.timeout);
		this.reconnector.start();
	}

	synchronized void disconnect() {
		if (this.connection != null) {
			this.connection.abort();
		}
	}

	synchronized void close() {
		this.closed = true;
		if (this.connection != null) {
			this.connection.close();
		}
		if (this.reconnector != null) {
			this.reconnector.stop();
		}
		notifyAll();
	}

	/**
	 * Waits until a connection has ended, and sends the messages that are due until then.
	 * @return its end; null if the client was closed
	 */
	synchronized @Nullable Close awaitEnd(Connection opened) throws InterruptedException {
		while (this.connection == opened && !this.closed) {
			sendDue();
			wait(TICK_MILLIS);
		}
		return this.closed ? null : lastClose();
	}

	/**
	 * Waits until the current connection has ended.
	 */
	Close awaitClose() {
		return awaitValue("end of the connection",
				() -> (this.connection != null || this.closes.isEmpty()) ? null : lastClose(), () -> true);
	}

	private Close lastClose() {
		return this.closes.get(this.closes.size() - 1);
	}

	/**
	 * Waits for a frame that no wait has returned.
	 */
	ServerFrame awaitFrame(String what, Predicate<ServerFrame> wanted) {
		return awaitValue(what, () -> this.frames.takeUnread(wanted));
	}

	/**
	 * Waits until the server has acknowledged or rejected a message for good.
	 */
	ServerFrame awaitAnswer(String what, UUID key) {
		return awaitValue(what, () -> this.outbox.isPending(key) ? null : answer(key));
	}

	private @Nullable ServerFrame answer(UUID key) {
		ServerFrame ack = this.frames.findLast(ServerFrame.Ack.class, key);
		return (ack != null) ? ack : this.frames.findLast(ServerFrame.Error.class, key);
	}

	/**
	 * Waits for an error about a message.
	 */
	ServerFrame.Error awaitError(UUID key) {
		return awaitValue("error about " + key, () -> this.frames.findLast(ServerFrame.Error.class, key));
	}

	void awaitUntil(String what, BooleanSupplier condition) {
		awaitValue(what, () -> condition.getAsBoolean() ? Boolean.TRUE : null);
	}

	/**
	 * Waits for a value.
	 * @param what what is awaited, for the message of a failure
	 * @param value supplies the value, or null while there is none
	 */
	<T> T awaitValue(String what, Supplier<@Nullable T> value) {
		return awaitValue(what, value, this::canReceive);
	}

	private boolean canReceive() {
		if (this.reconnector != null) {
			return this.reconnector.gaveUp() == null && !this.closed;
		}
		return this.connection != null;
	}

	private synchronized <T> T awaitValue(String what, Supplier<@Nullable T> value, BooleanSupplier possible) {
		long deadline = System.nanoTime() + this.settings.timeout.toNanos();
		for (T result = value.get();; result = value.get()) {
			if (result != null) {
				return result;
			}
			long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
			if (!possible.getAsBoolean()) {
				throw failure("There can be no %s any more".formatted(what));
			}
			if (left <= 0) {
				throw failure("There was no %s within %s".formatted(what, this.settings.timeout));
			}
			sendDue();
			try {
				wait(Math.min(left, TICK_MILLIS));
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw failure("Interrupted while waiting for " + what);
			}
		}
	}

	private void sendDue() {
		this.outbox.sendDue(this::sendOnce);
	}

	@Override
	public synchronized void received(Connection from, JsonNode message) {
		if (this.connection == from) {
			ServerFrame frame = ServerFrame.of(message);
			this.frames.add(frame);
			this.session.take(message);
			this.outbox.take(frame);
			sendDue();
			notifyAll();
		}
	}

	@Override
	public synchronized void ended(Connection which, Close close) {
		if (this.connection == which) {
			this.connection = null;
			this.closes.add(close);
			notifyAll();
		}
	}

	/**
	 * Returns a failure with the state and the last frames.
	 */
	synchronized AssertionError failure(String problem) {
		return new AssertionError(
				String.join(System.lineSeparator(), problem, toString(), this.frames.describeLast(FRAMES_SHOWN)));
	}

	@Override
	public synchronized String toString() {
		return "client of session %s, %s, last event id %d, %d reconnects, unacknowledged %s, closes %s, resets %s, violations %s"
			.formatted(this.session.sessionId(), state(), this.session.lastEventId(), reconnects(),
					this.outbox.unacknowledged(), last(this.closes), this.session.resets(),
					last(this.session.violations()));
	}

	private String state() {
		if (isConnected()) {
			return "connected";
		}
		if (this.reconnector != null && this.reconnector.gaveUp() != null) {
			return "given up: " + this.reconnector.gaveUp();
		}
		Throwable failure = (this.reconnector != null) ? this.reconnector.failure() : null;
		return (failure != null) ? "not connected: " + failure : "not connected";
	}

	private static <T> List<T> last(List<T> all) {
		return all.subList(Math.max(0, all.size() - ENTRIES_SHOWN), all.size());
	}

}
