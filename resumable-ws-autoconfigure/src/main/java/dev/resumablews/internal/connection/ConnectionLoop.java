package dev.resumablews.internal.connection;

import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.concurrent.Monitors;
import dev.resumablews.internal.observation.LogContext;
import dev.resumablews.internal.outbox.Outbox;
import dev.resumablews.internal.outbox.SendWindow;
import dev.resumablews.internal.workers.ListeningClock;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sends the messages of a connection as fast as the channel accepts them.
 * <ol>
 * <li>Every relevant change (a new event, a control message, the end of a send or a read,
 * a pong) wakes the loop. It runs on one thread at a time; wake-ups are counted, so none
 * is lost.
 * <li>While a frame is being sent, the loop does nothing; the end of the send wakes it. A
 * ping blocks if the network buffers are full. A ping that may not fit is therefore sent
 * by a separate thread, and counts as a frame.
 * <li>Queued control messages are sent first, then the events after the cursor, then
 * ephemeral events, while the {@link SendWindow} is open. When the session is closed and
 * all its events are sent, the connection is closed.
 * <li>When the channel's response is complete, the connection is closed as well.
 * <li>Any exception ends the connection, so that none remains that only looks alive.
 * </ol>
 * Methods may be called by any thread unless stated otherwise.
 * <p>
 * Longer than most classes, because its steps share the state of one loop.
 */
final class ConnectionLoop {

	private static final Log logger = LogFactory.getLog(ConnectionLoop.class);

	private static final int STEPS_IN_A_ROW = 16;

	private final UUID id;

	private final Executor threads;

	private final Executor blockingThreads;

	private final LongSupplier time;

	private final ClientChannel channel;

	private final ConnectionState state;

	private final boolean ndjson;

	/**
	 * Closes the WebSocket.
	 */
	private final Consumer<CloseCode> end;

	private final SendWindow window;

	private final Outbox outbox;

	/**
	 * Above 0 while the loop runs or is scheduled. Starts at 1, so that nothing runs the
	 * loop before {@link #start}.
	 */
	private final AtomicInteger wakeUps = new AtomicInteger(1);

	/**
	 * Frames to be sent before anything else. Used by the loop.
	 */
	private final Deque<String> frames = new ArrayDeque<>(1);

	/**
	 * Set before the loop runs.
	 */
	private @Nullable LogCursor cursor;

	/**
	 * Set by the loop, cleared when the frame has been sent.
	 */
	private volatile boolean sending;

	private volatile long sendingSince;

	private volatile long sendingLength;

	/**
	 * Whether the last run of the loop had nothing left to do. Set by the loop.
	 */
	private volatile boolean idle;

	/**
	 * Set by the clock, and by the loop if no thread was available for a ping. Cleared by
	 * the loop.
	 */
	private volatile boolean pingDue;

	/**
	 * The ping that may wait for the client.
	 */
	private volatile @Nullable Future<?> blockingPing;

	/**
	 * Whether the loop must run but no thread was available.
	 */
	private volatile boolean stalled;

	/**
	 * Whether a thread waits in {@link #awaitIdle}.
	 */
	private volatile boolean awaited;

	/**
	 * Creates a loop.
	 * @param id the connection
	 * @param threads runs the loop
	 * @param blockingThreads sends pings that may wait for the client; runs a task
	 * immediately or rejects it
	 * @param time the time of {@link ListeningClock}
	 * @param outbox messages sent in addition to the events
	 * @param end closes the WebSocket; must not throw
	 */
	ConnectionLoop(UUID id, Executor threads, Executor blockingThreads, LongSupplier time, ClientChannel channel,
			ConnectionState state, SendWindow window, boolean ndjson, Outbox outbox, Consumer<CloseCode> end) {
		this.id = id;
		this.threads = threads;
		this.blockingThreads = blockingThreads;
		this.time = time;
		this.channel = channel;
		this.state = state;
		this.window = window;
		this.ndjson = ndjson;
		this.outbox = outbox;
		this.end = end;
	}

	/**
	 * Starts to send. Called once.
	 * @param cursor the cursor into the log; null to send control messages only
	 */
	void start(@Nullable LogCursor cursor) {
		this.cursor = cursor;
		schedule();
	}

	/**
	 * Adds a control message.
	 * @return whether there was room for it
	 */
	boolean offer(String message) {
		boolean added = this.outbox.control().offer(message);
		wake();
		return added;
	}

	/**
	 * Adds a control message before all others.
	 */
	void offerFirst(String message) {
		this.outbox.control().offerFirst(message);
	}

	/**
	 * Adds an ephemeral event, or drops it.
	 */
	void offerEphemeral(String event) {
		if (this.outbox.ephemerals().offer(event)) {
			wake();
		}
	}

	void wake() {
		if (this.wakeUps.getAndIncrement() == 0) {
			schedule();
		}
	}

	/**
	 * Requests a ping. None is sent while a frame is being sent.
	 */
	void ping() {
		this.pingDue = true;
		wake();
	}

	/**
	 * Records a pong.
	 * @param number its number
	 */
	void pong(long number) {
		if (this.window.pong(number, this.time.getAsLong())) {
			wake();
		}
	}

	/**
	 * Runs the loop if no thread was available before, if a ping is due, or if the
	 * response is complete. Called by the clock.
	 */
	void retry() {
		if (this.stalled) {
			schedule();
		}
		else if (this.pingDue || this.channel.isComplete(true)) {
			wake();
		}
	}

	/**
	 * Returns whether a frame is being sent.
	 */
	boolean isSending() {
		return this.sending;
	}

	/**
	 * Returns whether the close frame must wait, because the client currently reads
	 * nothing. If it starts to read again, its pong arrives and the close frame is sent
	 * then. Some containers close the socket right after that frame, and a pong arriving
	 * later would reset the connection before the client has read the code.
	 * @param code the close code
	 */
	boolean awaitsClient(CloseCode code) {
		return this.sending || code == CloseCode.TRY_AGAIN_LATER && this.window.isProbing();
	}

	/**
	 * Returns whether the current frame has taken too long.
	 * @param now the time
	 * @param timeout time allowed in addition to transmission
	 */
	boolean isOverdue(long now, Duration timeout) {
		return this.sending && now - this.sendingSince > SendWindow.allowance(timeout, this.sendingLength);
	}

	/**
	 * Returns whether everything known has been sent.
	 */
	boolean isIdle() {
		return this.state.hasEnded() || (this.idle && this.wakeUps.get() == 0);
	}

	/**
	 * Waits until everything known has been sent.
	 * @param deadline the {@link System#nanoTime()} at which to stop waiting
	 */
	synchronized void awaitIdle(long deadline) throws InterruptedException {
		this.awaited = true;
		try {
			Monitors.await(this, this::isIdle, deadline);
		}
		finally {
			this.awaited = false;
		}
	}

	/**
	 * Cancels a ping that waits for the client. Called when the WebSocket is closed,
	 * because not every container interrupts such waits.
	 */
	void gone() {
		Future<?> ping = this.blockingPing;
		if (ping != null) {
			ping.cancel(true);
		}
		ended();
	}

	/**
	 * Notifies threads that wait for the end of the connection.
	 */
	void ended() {
		if (this.awaited) {
			synchronized (this) {
				notifyAll();
			}
		}
	}

	private void schedule() {
		this.stalled = false;
		try {
			this.threads.execute(this::run);
		}
		catch (Throwable ex) {
			// the clock retries; the caller that woke the loop must not fail
			this.stalled = true;
			logger.debug("Cannot run a connection's loop yet; will retry", ex);
		}
	}

	/**
	 * Runs until there are no further wake-ups. After a failure the wake-ups are not
	 * reset, so the loop never runs again.
	 */
	private void run() {
		try {
			int seen;
			int steps = 0;
			do {
				if (steps++ == STEPS_IN_A_ROW) {
					schedule();
					return;
				}
				seen = this.wakeUps.get();
				step();
			}
			while (this.wakeUps.addAndGet(-seen) != 0);
			ended();
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	private void fail(Throwable failure) {
		try {
			LogContext.run(null, this.id, () -> logger.warn("Connection failed", failure));
		}
		finally {
			this.state.close(CloseCode.INTERNAL_ERROR);
			this.end.accept(CloseCode.INTERNAL_ERROR);
		}
	}

	private void step() {
		this.idle = false;
		if (this.sending || this.state.hasEnded()) {
			return;
		}
		CloseCode code = this.state.code();
		if (code == null && this.channel.isComplete(false)) {
			finish();
			return;
		}
		if (code == null && sendPing()) {
			return;
		}
		if (this.frames.isEmpty()) {
			fill(code == null);
		}
		String frame = this.frames.poll();
		if (frame != null) {
			send(frame);
		}
		else if (code != null) {
			if (!awaitsClient(code)) {
				this.end.accept(code);
			}
		}
		else if (this.cursor != null && this.cursor.hasEnded()) {
			this.state.close(CloseCode.DONE);
			this.wakeUps.incrementAndGet();
		}
		else {
			this.idle = this.window.isOpen() && (this.cursor == null || !this.cursor.isReading());
			if (this.cursor != null && this.cursor.isAtEnd() && this.channel.isComplete(true)) {
				finish();
			}
		}
	}

	private void finish() {
		if (this.state.close(CloseCode.DONE)) {
			this.channel.finish();
		}
		this.wakeUps.incrementAndGet();
	}

	private void fill(boolean withEvents) {
		List<String> messages = new ArrayList<>();
		this.outbox.control().drainTo(messages);
		if (withEvents) {
			this.outbox.drainPresenceTo(messages);
		}
		if (withEvents && this.cursor != null && this.window.isOpen()) {
			long length = this.window.frameLength();
			this.cursor.take(messages, length);
			this.outbox.ephemerals().admit(this.cursor.hasCaughtUp());
			this.outbox.ephemerals().drainTo(messages, length);
		}
		if (this.ndjson && messages.size() > 1) {
			this.frames.add(String.join("\n", messages));
		}
		else {
			this.frames.addAll(messages);
		}
	}

	private void send(String frame) {
		begin(frame.length());
		this.window.sent(frame.length());
		this.channel.send(frame, this::sent);
	}

	private void begin(long length) {
		this.sendingLength = length;
		this.sendingSince = this.time.getAsLong();
		this.sending = true;
	}

	/**
	 * Continues on the thread on which the container reports the end of a send. If a
	 * container reports it before {@link #send} has returned, the current step continues
	 * instead.
	 */
	private void sent(@Nullable Throwable failure) {
		this.sending = false;
		if (failure != null) {
			logger.debug("Failed to send to a connection", failure);
			CloseCode code = (failure instanceof SocketTimeoutException) ? CloseCode.TRY_AGAIN_LATER
					: CloseCode.INTERNAL_ERROR;
			this.state.close(code);
			this.end.accept(code);
		}
		if (this.wakeUps.getAndIncrement() == 0) {
			run();
		}
	}

	/**
	 * Sends a ping if one is due. None is sent while a probe is unanswered: the probe is
	 * itself a ping, and its pong cannot overtake data sent before it.
	 * @return whether the ping was passed to a blocking thread, so that nothing else can
	 * be sent now
	 */
	private boolean sendPing() {
		boolean due = this.window.isProbeDue() || this.pingDue && !this.window.isProbing();
		this.pingDue = false;
		if (due && this.window.hasRoomForPing()) {
			this.channel.ping(this.window.ping(this.time.getAsLong()));
			return false;
		}
		return due && sendBlockingPing();
	}

	private boolean sendBlockingPing() {
		begin(this.window.inFlight());
		FutureTask<?> ping = new FutureTask<>(this::pingBlocking, null);
		this.blockingPing = ping;
		try {
			this.blockingThreads.execute(ping);
			return true;
		}
		catch (RejectedExecutionException | OutOfMemoryError ex) {
			// the clock retries; until then, the window limits what is sent
			this.sending = false;
			this.pingDue = true;
			return false;
		}
	}

	private void pingBlocking() {
		try {
			this.channel.ping(this.window.ping(this.time.getAsLong()));
		}
		finally {
			this.blockingPing = null;
			sent(null);
		}
	}

}
