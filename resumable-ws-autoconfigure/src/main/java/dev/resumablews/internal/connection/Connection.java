package dev.resumablews.internal.connection;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientTransport;
import dev.resumablews.CloseCode;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.SecurityEvent;
import dev.resumablews.SecurityEvent.Kind;
import dev.resumablews.SessionSummary;
import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.connection.ConnectionState.Phase;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.log.OpenedSession;
import dev.resumablews.internal.observation.LogContext;
import dev.resumablews.internal.outbox.Outbox;
import dev.resumablews.internal.outbox.SendWindow;
import dev.resumablews.internal.presence.ConnectionTable.LiveConnection;
import dev.resumablews.internal.protocol.ErrorCode;
import dev.resumablews.internal.protocol.ServerMessage;
import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import dev.resumablews.internal.protocol.ServerMessage.ServerRestarting;
import dev.resumablews.internal.protocol.ServerMessage.SessionInit;
import dev.resumablews.internal.status.ConnectionStatus.Client;
import dev.resumablews.internal.workers.ListeningClock;
import dev.resumablews.internal.workers.Workers;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection. {@link ConnectionLoop} sends the events after its
 * {@link LogCursor}. Therefore replay and live delivery are the same, a slow client only
 * costs its cursor and the current page, and no thread waits for it.
 * {@link ConnectionWatchdog} closes it when a timeout expires. {@link ConnectionState}
 * describes its states. Methods may be called by any thread unless stated otherwise.
 * <p>
 * Longer than most classes, because the container, the clock and the loop meet here.
 */
public final class Connection implements MessageSender {

	/**
	 * Time within which a client must answer a close frame.
	 */
	public static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

	/**
	 * Time between the close frame and the end of the connection when the client is
	 * closed for a violation: enough for the frame to arrive.
	 */
	private static final Duration VIOLATION_TIMEOUT = Duration.ofMillis(500);

	private static final Set<CloseCode> VIOLATIONS = EnumSet.of(CloseCode.BINARY_NOT_SUPPORTED,
			CloseCode.MESSAGE_TOO_BIG, CloseCode.MALFORMED_MESSAGES, CloseCode.RATE_LIMITED);

	/**
	 * Number of frames ignored while the last messages are sent, which allows for frames
	 * in flight. After more frames the connection ends immediately.
	 */
	private static final int MAX_IGNORED_FRAMES = 1000;

	private static final Log logger = LogFactory.getLog(Connection.class);

	private final UUID id = UUID.randomUUID();

	private final ConnectionServices services;

	private final Handshake handshake;

	private final ClientChannel channel;

	private final Listener listener;

	private final ConnectionState state = new ConnectionState();

	private final UserBudget budget;

	private final Outbox outbox;

	private final SendWindow window;

	private final ConnectionLoop loop;

	private final ConnectionWatchdog watchdog;

	private final Runnable wake;

	private final long createdNanos = System.nanoTime();

	/**
	 * Time at which this side started to close, according to {@link ListeningClock}.
	 */
	private volatile long closingSince;

	/**
	 * Number of ignored frames. Used by the container for one frame at a time.
	 */
	private int ignoredFrames;

	/**
	 * Set once the session is open.
	 */
	private volatile @Nullable LogCursor cursor;

	private volatile Login login;

	/**
	 * The exceeded limit, for the close frame.
	 */
	private volatile @Nullable String exceeded;

	/**
	 * Creates a connection whose session is not open yet.
	 * @param listener notified when the connection is open and when this side has closed
	 * the WebSocket, because some containers report the close only after the client has
	 * answered
	 */
	public Connection(ConnectionServices services, Handshake handshake, ClientChannel channel, Listener listener) {
		ConnectionSettings settings = services.settings();
		Workers workers = services.workers();
		this.services = services;
		this.handshake = handshake;
		this.login = new Login(handshake.user(), this.createdNanos);
		this.channel = channel;
		this.listener = listener;
		this.budget = services.budgets().hold(handshake.user().userId());
		this.outbox = Outbox.of(this.budget, services.writer());
		this.window = new SendWindow(settings.maxSendCharacters(), settings.heartbeatInterval());
		this.loop = new ConnectionLoop(this.id, workers.delivery(), workers.pinging(), services.time(), channel,
				this.state, this.window, handshake.ndjson(), this.outbox, this::endWith);
		this.watchdog = new ConnectionWatchdog(settings, services.time(), this.loop, this.window,
				handshake.user().expiresAt());
		this.wake = this::changed;
	}

	@Override
	public UUID id() {
		return this.id;
	}

	@Override
	public AuthenticatedUser user() {
		return this.login.user();
	}

	@Override
	public String userId() {
		return this.handshake.user().userId();
	}

	/**
	 * Returns the key of the user.
	 */
	public UUID userKey() {
		return this.login.userKey();
	}

	@Override
	public UserBudget budget() {
		return this.budget;
	}

	/**
	 * Returns the session. Requires that it is open.
	 */
	@Override
	public UUID sessionId() {
		return session().sessionId();
	}

	/**
	 * Returns whether the session was opened.
	 */
	public boolean hasSession() {
		return this.cursor != null;
	}

	public boolean resumed() {
		return session().resumed();
	}

	public ClientTransport transport() {
		return this.channel.transport();
	}

	/**
	 * Returns the time since the client connected.
	 */
	public Duration age() {
		return Duration.ofNanos(System.nanoTime() - this.createdNanos);
	}

	/**
	 * Returns the state of the client. Requires that the session is open.
	 */
	public Client toClient() {
		return new Client(this.id, cursor().position(), Instant.now().minus(age()).truncatedTo(ChronoUnit.SECONDS),
				transport());
	}

	public LiveConnection toLiveConnection() {
		return new LiveConnection(this.id, sessionId(), userId(), this.createdNanos);
	}

	/**
	 * Opens the session and starts to send, or closes the connection on failure. Blocks
	 * until Postgres answers. Called once.
	 */
	public void open() {
		if (this.state.phase() != Phase.OPENING) {
			return;
		}
		try {
			this.services.quota().prepare(this.budget);
			LogCursor opened = LogCursor.open(this.services, this.handshake, this.budget, this.wake);
			this.cursor = opened;
			if (!this.state.open()) {
				opened.close();
				return;
			}
			this.loop.offerFirst(this.services.writer().write(init(opened.session())));
			this.loop.start(opened);
			this.listener.opened(this);
			changed();
		}
		catch (BudgetExceededException ex) {
			closeExceeded(ex.reason());
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Failed to open a session", ex);
			abandon(CloseCode.TRY_AGAIN_LATER);
		}
		catch (Throwable ex) {
			LogContext.run(null, this.id, () -> logger.warn("Failed to open a session", ex));
			abandon(CloseCode.INTERNAL_ERROR);
		}
	}

	/**
	 * Sends a control message. It is queued until {@code session_init} is sent.
	 */
	@Override
	public void send(ServerMessage message) {
		if (!this.loop.offer(this.services.writer().write(message))) {
			close(CloseCode.TRY_AGAIN_LATER);
		}
	}

	/**
	 * Sends an ephemeral event, unless the client has not caught up or reads too slowly.
	 */
	public void sendEphemeral(String event) {
		this.loop.offerEphemeral(event);
	}

	/**
	 * Returns whether the client requests presence. Never true for a long poll, which
	 * would end immediately each time.
	 */
	public boolean receivesPresence() {
		return this.handshake.presence() && this.handshake.longPoll() == null;
	}

	/**
	 * Sends the changes in presence since the last presence message.
	 * @param present users by connection; not changed afterwards
	 */
	public void showPresence(Map<UUID, String> present) {
		this.outbox.presence().show(present);
		this.loop.wake();
	}

	/**
	 * Moves the cursor to an event. Requires that the session is open.
	 * @param epoch the history that the event is part of; null if the client sent none
	 */
	public void resume(long lastEventId, @Nullable Forks epoch) {
		cursor().rewind(lastEventId, epoch);
	}

	/**
	 * Records that the container starts or stops processing a message of the client.
	 */
	public void receiving(boolean receiving) {
		this.watchdog.receiving(receiving);
	}

	/**
	 * Records a pong, or its equivalent on transports without pongs.
	 * @param number the number of the ping
	 */
	public void pong(long number) {
		this.watchdog.dataReceived();
		this.loop.pong(number);
	}

	/**
	 * Returns the login of the client's newest token.
	 */
	public Login login() {
		return this.login;
	}

	/**
	 * Sets the login of the client's newest token.
	 */
	public void authenticated(Login login) {
		this.login = login;
		this.watchdog.tokenExpiresAt(login.user().expiresAt());
	}

	/**
	 * Announces a planned close.
	 */
	public void announceRestart() {
		long window = this.services.settings().reconnectWindow().toMillis();
		send(new ServerRestarting(ThreadLocalRandom.current().nextLong(window + 1)));
	}

	/**
	 * Closes the connection after the queued control messages, or immediately if its
	 * session is not open yet. Only the first code takes effect.
	 * @return whether this call was the first
	 */
	public boolean close(CloseCode code) {
		boolean open = this.state.phase() != Phase.OPENING;
		if (!this.state.close(code)) {
			return false;
		}
		this.closingSince = this.services.time().getAsLong();
		if (VIOLATIONS.contains(code)) {
			this.channel.ignoreInput();
		}
		if (open) {
			this.loop.wake();
		}
		else {
			endWith(code);
		}
		return true;
	}

	/**
	 * Closes the connection because of a protocol violation by the client, and notifies
	 * the listeners.
	 * @param reason one of a fixed set of words
	 */
	public void closeViolation(CloseCode code, String reason) {
		if (close(code)) {
			report(Kind.PROTOCOL_VIOLATED, reason);
		}
	}

	/**
	 * Records a frame that arrived while the connection is closing. It is not
	 * acknowledged, so the client sends it again on its next connection. Called by the
	 * container.
	 */
	public void ignored() {
		CloseCode code = this.state.code();
		if (++this.ignoredFrames == MAX_IGNORED_FRAMES && code != null) {
			endWith(code);
			this.services.workers().cutting().execute(() -> this.channel.cut(code));
		}
	}

	/**
	 * Closes the connection because its user has exceeded a limit, and notifies the
	 * listeners.
	 * @param limit name of the limit, one of a fixed set of words
	 */
	public void closeExceeded(String limit) {
		report(Kind.LIMIT_EXCEEDED, limit);
		this.exceeded = limit;
		close(CloseCode.RATE_LIMITED);
	}

	@Override
	public void report(Kind kind, String reason) {
		this.services.listener()
			.onSecurityEvent(new SecurityEvent(kind, userId(), this.handshake.remoteAddress(), reason));
	}

	/**
	 * Closes the WebSocket immediately.
	 */
	public void abandon(CloseCode code) {
		if (this.state.close(code)) {
			this.closingSince = this.services.time().getAsLong();
		}
		endWith(code);
	}

	/**
	 * Returns the code with which this side closes.
	 * @return the code; null if it is not closing, or if the client or the network closed
	 * the connection
	 */
	public @Nullable CloseCode closing() {
		return this.state.code();
	}

	@Override
	public boolean isClosing() {
		return closing() != null;
	}

	@Override
	public void handled() {
	}

	/**
	 * Ends the connection, because its session accepts no further events. If the session
	 * was closed, the client receives all of its events first. If its row was deleted by
	 * the cleanup or lost in a crash, the client must reconnect and receives another
	 * session.
	 */
	@Override
	public void sessionEnded() {
		this.services.workers().reading().execute(userId(), this::endWithSession);
	}

	private void endWithSession() {
		try {
			SessionSummary session = this.services.log().find(sessionId()).orElse(null);
			if (session != null && session.closed()) {
				cursor().sessionClosed(session.lastEventId());
			}
			else {
				close(CloseCode.RESTART);
			}
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Failed to look up whether a session is closed", ex);
			close(CloseCode.TRY_AGAIN_LATER);
		}
	}

	public boolean isOpen() {
		return this.state.isOpen();
	}

	/**
	 * Waits until everything known has been sent.
	 * @param deadline the {@link System#nanoTime()} at which to stop waiting
	 */
	public void awaitIdle(long deadline) throws InterruptedException {
		if (hasSession()) {
			this.loop.awaitIdle(deadline);
		}
	}

	/**
	 * Records that the WebSocket is closed.
	 * @return whether this was the first call
	 */
	public boolean gone() {
		if (!this.state.gone()) {
			return false;
		}
		LogCursor open = this.cursor;
		if (open != null) {
			open.close();
		}
		this.loop.gone();
		this.outbox.close();
		this.services.budgets().release(this.budget);
		return true;
	}

	public boolean isGone() {
		return this.state.phase() == Phase.GONE;
	}

	/**
	 * Checks the timeouts. Called by the clock.
	 * @param now the time of {@link ListeningClock}
	 */
	public void watch(long now) {
		switch (this.state.phase()) {
			case OPENING -> {
				if (this.watchdog.isOpeningOverdue(now)) {
					abandon(CloseCode.TRY_AGAIN_LATER);
				}
			}
			case OPEN -> watchOpen(now);
			case CLOSING -> watchClosing(now);
			case CLOSED, GONE -> {
			}
		}
	}

	private void watchOpen(long now) {
		this.loop.retry();
		CloseCode code = this.watchdog.overdue(now);
		if (code == null) {
			if (this.watchdog.takePing(now)) {
				this.loop.ping();
			}
			return;
		}
		if (code == CloseCode.RESTART) {
			announceRestart();
		}
		close(code);
	}

	private void watchClosing(long now) {
		this.loop.retry();
		CloseCode code = this.state.code();
		Duration grace = (code == CloseCode.HEARTBEAT_MISSED) ? Duration.ZERO : this.services.settings().sendTimeout();
		if (code != null && now - this.closingSince > grace.toNanos()) {
			endWith(code);
		}
	}

	/**
	 * Wakes the loop after a change. If the history of the log has changed, the
	 * connection is closed: the client must reconnect with its epoch to receive the event
	 * to rewind to.
	 */
	private void changed() {
		LogCursor open = this.cursor;
		if (open != null && open.hasDiverged() && closing() == null) {
			announceRestart();
			close(CloseCode.RESTART);
		}
		PayloadCodecException undecodable = (open != null) ? open.undecodable() : null;
		if (undecodable != null && closing() == null) {
			endUndecodable(undecodable);
		}
		this.loop.wake();
	}

	/**
	 * Closes the connection before an event that cannot be decoded. The client receives
	 * the event after reconnecting, once it can be decoded.
	 */
	private void endUndecodable(PayloadCodecException failure) {
		LogContext.run(sessionId(), this.id,
				() -> logger.warn("Closing connection %s: %s".formatted(this.id, failure.getMessage())));
		logger.debug("Failed to decode an event", failure);
		send(new ErrorMessage(ErrorCode.FAILED, "The next event of the session cannot be decoded", null));
		close(CloseCode.INTERNAL_ERROR);
	}

	/**
	 * Closes the WebSocket on a thread that may wait for the client, unless that has
	 * already been done. If no thread is available, the clock retries.
	 */
	private void endWith(CloseCode code) {
		if (!this.state.end()) {
			return;
		}
		boolean stuck = this.loop.awaitsClient(code);
		this.loop.ended();
		Workers workers = this.services.workers();
		Executor threads = stuck ? workers.cutting() : workers.closing();
		try {
			threads.execute(() -> closeChannel(code, stuck, threads));
		}
		catch (Throwable ex) {
			this.state.undoEnd();
			logger.debug("Cannot close a connection yet; will retry", ex);
		}
	}

	private void closeChannel(CloseCode code, boolean stuck, Executor threads) {
		try {
			if (stuck) {
				this.channel.cut(code);
			}
			else {
				this.channel.close(code, reason(code));
				Duration timeout = VIOLATIONS.contains(code) ? VIOLATION_TIMEOUT : CLOSE_TIMEOUT;
				CompletableFuture.delayedExecutor(timeout.toMillis(), TimeUnit.MILLISECONDS, threads)
					.execute(() -> this.channel.cut(code));
			}
		}
		finally {
			this.listener.closed(this);
		}
	}

	private String reason(CloseCode code) {
		String limit = this.exceeded;
		return (limit != null && code == CloseCode.RATE_LIMITED) ? limit : code.name().toLowerCase(Locale.ROOT);
	}

	private SessionInit init(OpenedSession session) {
		OpenedSession.Reason reason = session.reason();
		return new SessionInit(session.sessionId(), session.resumed(),
				(reason != null) ? reason.name().toLowerCase(Locale.ROOT) : null, session.lastEventId(),
				session.earliestEventId(), this.services.settings().heartbeatInterval().toMillis(), this.id,
				session.forks().text(), session.rewindTo());
	}

	private OpenedSession session() {
		return cursor().session();
	}

	private LogCursor cursor() {
		LogCursor open = this.cursor;
		if (open == null) {
			throw new IllegalStateException("The session of connection " + this.id + " is not open");
		}
		return open;
	}

	/**
	 * Creates the connection for a listener.
	 */
	@FunctionalInterface
	public interface Source {

		Connection connection(Listener listener);

	}

	/**
	 * Receives the lifecycle events of a connection.
	 */
	public interface Listener {

		/**
		 * Called when the session is open.
		 */
		void opened(Connection connection);

		/**
		 * Called when this side has closed the WebSocket.
		 */
		void closed(Connection connection);

	}

}
