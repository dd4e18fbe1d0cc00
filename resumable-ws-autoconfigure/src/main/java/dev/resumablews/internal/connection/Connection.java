package dev.resumablews.internal.connection;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.log.OpenedSession;
import dev.resumablews.internal.presence.ConnectionTable.LiveConnection;
import dev.resumablews.internal.protocol.ServerMessage;
import dev.resumablews.internal.protocol.ServerMessage.ServerRestarting;
import dev.resumablews.internal.protocol.ServerMessage.SessionInit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection: a loop that sends what follows its cursor for as long as the
 * channel takes it.
 * <ol>
 * <li>Whatever may have changed something (news in the log, a control message, the end of
 * a send or of a read) wakes the loop. It runs on one thread at a time.
 * <li>Nothing is done while a frame is being sent; its end wakes the loop.
 * <li>Control messages that wait go first, then the events that follow the cursor. If
 * there will never be any again, as the session is closed, so is the connection.
 * </ol>
 * So replay and live are the same, a slow client costs no more than its cursor and the
 * page it is being sent, and no thread waits for it. Methods may be called by any thread
 * unless they say otherwise.
 */
final class Connection {

	private static final Log logger = LogFactory.getLog(Connection.class);

	private static final int STEPS_IN_A_ROW = 16;

	private final UUID id = UUID.randomUUID();

	private final ConnectionServices services;

	private final ConnectionSettings settings;

	private final Handshake handshake;

	private final WebSocketChannel channel;

	private final Consumer<Connection> onClosed;

	private final LogCursor cursor;

	private final ControlQueue control = new ControlQueue();

	/**
	 * Above 0 while the loop runs or is about to. It begins at 1, so that nothing runs it
	 * before {@link #start()}.
	 */
	private final AtomicInteger wakeUps = new AtomicInteger(1);

	private final AtomicReference<@Nullable CloseCode> closing = new AtomicReference<>();

	private final AtomicBoolean channelClosed = new AtomicBoolean();

	private final AtomicBoolean gone = new AtomicBoolean();

	private final long openedNanos = System.nanoTime();

	private final long endOfLife;

	/**
	 * Frames that are to be sent before anything else is looked for. Of the loop.
	 */
	private final Deque<String> frames = new ArrayDeque<>(1);

	/**
	 * Set by the loop, cleared when the frame was sent.
	 */
	private volatile boolean sending;

	/**
	 * Whether the loop found nothing more to do when it last ran. Set by the loop.
	 */
	private volatile boolean idle;

	/**
	 * Set by the clock, cleared by the loop.
	 */
	private volatile boolean pingDue;

	/**
	 * Set by the loop.
	 */
	private volatile long sendingSince;

	/**
	 * Set by whoever closes.
	 */
	private volatile long closingSince;

	/**
	 * Set by the container's threads.
	 */
	private volatile long lastHeard = System.nanoTime();

	/**
	 * Of the clock.
	 */
	private long lastPing = System.nanoTime();

	/**
	 * Set by the container's threads.
	 */
	private volatile @Nullable Instant tokenExpiresAt;

	/**
	 * Creates a connection and opens its session. Blocks until Postgres answers.
	 * @param onClosed is told when this side has closed the WebSocket, since not every
	 * container tells that before the client has answered
	 * @throws dev.resumablews.EventLogUnavailableException if Postgres does not answer
	 */
	Connection(ConnectionServices services, Handshake handshake, WebSocketChannel channel,
			Consumer<Connection> onClosed) {
		this.services = services;
		this.onClosed = onClosed;
		this.settings = services.settings();
		this.handshake = handshake;
		this.channel = channel;
		this.tokenExpiresAt = handshake.user().expiresAt();
		this.endOfLife = this.openedNanos + lifetime(this.settings).toNanos();
		this.cursor = LogCursor.open(services, handshake, this::wake);
		OpenedSession session = this.cursor.session();
		OpenedSession.Reason reason = session.reason();
		tell(new SessionInit(session.sessionId(), session.resumed(),
				(reason != null) ? reason.name().toLowerCase(Locale.ROOT) : null, session.lastEventId(),
				session.earliestEventId(), this.settings.heartbeatInterval().toMillis(), this.id));
	}

	UUID id() {
		return this.id;
	}

	UUID sessionId() {
		return this.cursor.session().sessionId();
	}

	String userId() {
		return this.handshake.user().userId();
	}

	boolean resumed() {
		return this.cursor.session().resumed();
	}

	LiveConnection toLiveConnection() {
		return new LiveConnection(this.id, sessionId(), userId(), this.openedNanos);
	}

	/**
	 * Begins to send.
	 */
	void start() {
		this.services.workers().delivery().execute(this::run);
	}

	/**
	 * Sends a control message.
	 */
	void tell(ServerMessage message) {
		if (this.control.offer(this.services.writer().write(message))) {
			wake();
		}
		else {
			close(CloseCode.TRY_AGAIN_LATER);
		}
	}

	/**
	 * Begins again after an event.
	 */
	void resume(long lastEventId) {
		this.cursor.rewind(lastEventId);
	}

	/**
	 * Notes that something was heard of the client.
	 */
	void heard() {
		this.lastHeard = System.nanoTime();
	}

	/**
	 * Notes how long the client's newest token lasts.
	 */
	void tokenExpiresAt(@Nullable Instant expiresAt) {
		this.tokenExpiresAt = expiresAt;
	}

	/**
	 * Announces a planned end.
	 */
	void announceRestart() {
		long window = this.settings.reconnectWindow().toMillis();
		tell(new ServerRestarting(ThreadLocalRandom.current().nextLong(window + 1)));
	}

	/**
	 * Closes the connection after the control messages that wait. The first code counts.
	 */
	void close(CloseCode code) {
		if (this.closing.compareAndSet(null, code)) {
			this.closingSince = System.nanoTime();
			wake();
		}
	}

	/**
	 * Whether all that is known has been sent.
	 */
	boolean caughtUp() {
		return this.gone.get() || (this.idle && this.wakeUps.get() == 0);
	}

	/**
	 * Looks whether something is overdue. Called by the clock.
	 */
	void watch(long now) {
		CloseCode code = this.closing.get();
		Instant expiresAt = this.tokenExpiresAt;
		if (code != null) {
			Duration grace = (code == CloseCode.HEARTBEAT_MISSED) ? Duration.ZERO : this.settings.sendTimeout();
			if (now - this.closingSince > grace.toNanos()) {
				closeChannel(code);
			}
		}
		else if (this.sending && now - this.sendingSince > this.settings.sendTimeout().toNanos()) {
			close(CloseCode.TRY_AGAIN_LATER);
		}
		else if (now - this.lastHeard > this.settings.heartbeatTimeout().toNanos()) {
			close(CloseCode.HEARTBEAT_MISSED);
		}
		else if (expiresAt != null && !Instant.now().isBefore(expiresAt)) {
			close(CloseCode.UNAUTHORIZED);
		}
		else if (!this.settings.maxLifetime().isZero() && now - this.endOfLife >= 0) {
			announceRestart();
			close(CloseCode.RESTART);
		}
		else if (Math.min(now - this.lastHeard, now - this.lastPing) > this.settings.heartbeatInterval().toNanos()) {
			this.lastPing = now;
			this.pingDue = true;
			wake();
		}
	}

	/**
	 * Closes the WebSocket at once.
	 */
	void abandon(CloseCode code) {
		close(code);
		closeChannel(code);
	}

	/**
	 * Notes that the WebSocket is closed.
	 * @return whether that was news
	 */
	boolean closed() {
		if (!this.gone.compareAndSet(false, true)) {
			return false;
		}
		this.channelClosed.set(true);
		this.cursor.close();
		return true;
	}

	/**
	 * Returns the code that this side closed with.
	 * @return the code, or null if the client or the network closed the connection
	 */
	@Nullable CloseCode closing() {
		return this.closing.get();
	}

	private void wake() {
		if (this.wakeUps.getAndIncrement() == 0) {
			this.services.workers().delivery().execute(this::run);
		}
	}

	private void run() {
		int seen;
		int steps = 0;
		do {
			if (steps++ == STEPS_IN_A_ROW) {
				this.services.workers().delivery().execute(this::run);
				return;
			}
			seen = this.wakeUps.get();
			try {
				step();
			}
			catch (RuntimeException ex) {
				logger.warn("Connection " + this.id + " has failed", ex);
				abandon(CloseCode.INTERNAL_ERROR);
			}
		}
		while (this.wakeUps.addAndGet(-seen) != 0);
	}

	private void step() {
		this.idle = false;
		if (this.sending || this.gone.get()) {
			return;
		}
		if (this.pingDue) {
			this.pingDue = false;
			this.channel.ping();
		}
		CloseCode code = this.closing.get();
		if (this.frames.isEmpty()) {
			fill(code == null);
		}
		String frame = this.frames.poll();
		if (frame != null) {
			send(frame);
		}
		else if (code != null) {
			closeChannel(code);
		}
		else if (this.cursor.ended()) {
			close(CloseCode.DONE);
		}
		else {
			this.idle = !this.cursor.reading();
		}
	}

	private void fill(boolean withEvents) {
		List<String> messages = new ArrayList<>();
		this.control.drainTo(messages);
		if (withEvents) {
			this.cursor.take(messages);
		}
		if (this.handshake.ndjson() && messages.size() > 1) {
			this.frames.add(String.join("\n", messages));
		}
		else {
			this.frames.addAll(messages);
		}
	}

	private void send(String frame) {
		this.sendingSince = System.nanoTime();
		this.sending = true;
		this.channel.send(frame, (failure) -> {
			this.sending = false;
			if (failure != null) {
				logger.debug("Connection " + this.id + " cannot be sent to", failure);
				abandon(CloseCode.INTERNAL_ERROR);
			}
			goOn();
		});
	}

	/**
	 * Sends what has come meanwhile, on the thread that the container has woken already.
	 * If a container says that a frame is sent before {@link #send} has returned, the
	 * step that sent it goes on.
	 */
	private void goOn() {
		if (this.wakeUps.getAndIncrement() == 0) {
			run();
		}
	}

	/**
	 * Closes the WebSocket, on a thread that may wait for the client.
	 */
	private void closeChannel(CloseCode code) {
		if (this.channelClosed.compareAndSet(false, true)) {
			this.services.workers().closing().execute(() -> {
				this.channel.close(code);
				this.services.workers().later(WebSocketChannel.CLOSE_TIMEOUT, this.channel::cut);
				this.onClosed.accept(this);
			});
		}
	}

	private static Duration lifetime(ConnectionSettings settings) {
		double share = 1 - settings.maxLifetimeJitter() * ThreadLocalRandom.current().nextDouble();
		return Duration.ofMillis((long) (settings.maxLifetime().toMillis() * share));
	}

}
