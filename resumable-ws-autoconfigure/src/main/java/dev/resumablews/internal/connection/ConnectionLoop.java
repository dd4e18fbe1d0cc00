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
 * Sends what a connection has to send, for as long as the channel takes it.
 * <ol>
 * <li>Whatever may have changed something (a new event, a control message, the end of a
 * send or of a read, a pong) wakes the loop. It runs on one thread at a time; wake-ups
 * are counted, so none is lost.
 * <li>Nothing is done while a frame is being sent; its end wakes the loop. A ping may
 * have to wait for the client if the buffers of the network are full. So one that is not
 * sure to find room is sent by a patient thread, and counts as a frame.
 * <li>Control messages that wait are sent first, then the events that follow the cursor,
 * then ephemeral events, while the {@link SendWindow} is open. If the session is closed
 * and all of it was sent, the connection is closed.
 * <li>When the channel is sated, because the client has asked for no more, the connection
 * is closed, too.
 * <li>Nothing that is thrown here leaves a connection behind that looks alive: it is
 * ended.
 * </ol>
 * Methods may be called by any thread unless they say otherwise.
 * <p>
 * Longer than most classes, since its steps share the state of one loop.
 */
final class ConnectionLoop {

	private static final Log logger = LogFactory.getLog(ConnectionLoop.class);

	private static final int STEPS_IN_A_ROW = 16;

	private final UUID id;

	private final Executor threads;

	private final Executor patientThreads;

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
	 * Above 0 while the loop runs or is about to. It begins at 1, so that nothing runs it
	 * before {@link #start}.
	 */
	private final AtomicInteger wakeUps = new AtomicInteger(1);

	/**
	 * Frames that are to be sent before anything else is looked for. Of the loop.
	 */
	private final Deque<String> frames = new ArrayDeque<>(1);

	/**
	 * Set before the loop runs.
	 */
	private @Nullable LogCursor cursor;

	/**
	 * Set by the loop, cleared when the frame was sent.
	 */
	private volatile boolean sending;

	private volatile long sendingSince;

	private volatile long sendingLength;

	/**
	 * Whether the loop found nothing more to do when it last ran. Set by the loop.
	 */
	private volatile boolean idle;

	/**
	 * Set by the clock, and by the loop if no thread could be had for a ping. Cleared by
	 * the loop.
	 */
	private volatile boolean pingDue;

	/**
	 * The ping that may wait for the client.
	 */
	private volatile @Nullable Future<?> patientPing;

	/**
	 * Set when the loop is to run and no thread could be had for it.
	 */
	private volatile boolean stalled;

	/**
	 * Whether a thread waits in {@link #awaitIdle}.
	 */
	private volatile boolean awaited;

	/**
	 * Creates a loop.
	 * @param id the connection
	 * @param threads run it
	 * @param patientThreads send pings that may have to wait for the client. They take a
	 * task at once, or reject it
	 * @param time the time of {@link ListeningClock}
	 * @param outbox what is sent beside the events
	 * @param end closes the WebSocket; must not throw
	 */
	ConnectionLoop(UUID id, Executor threads, Executor patientThreads, LongSupplier time, ClientChannel channel,
			ConnectionState state, SendWindow window, boolean ndjson, Outbox outbox, Consumer<CloseCode> end) {
		this.id = id;
		this.threads = threads;
		this.patientThreads = patientThreads;
		this.time = time;
		this.channel = channel;
		this.state = state;
		this.window = window;
		this.ndjson = ndjson;
		this.outbox = outbox;
		this.end = end;
	}

	/**
	 * Begins to send. To be called once.
	 * @param cursor what is sent besides control messages, if anything
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
	 * Adds the control message that is sent before any other.
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
	 * Sends a ping soon, unless a frame is being sent.
	 */
	void ping() {
		this.pingDue = true;
		wake();
	}

	/**
	 * Notes a pong.
	 * @param number its number
	 */
	void pong(long number) {
		if (this.window.pong(number, this.time.getAsLong())) {
			wake();
		}
	}

	/**
	 * Runs the loop if it could not be run before, could not send a ping, or has nothing
	 * to wait for. Called by the clock.
	 */
	void retry() {
		if (this.stalled) {
			schedule();
		}
		else if (this.pingDue || this.channel.isSated(true)) {
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
	 * Returns whether the close frame would find a client that takes nothing. If such a
	 * client begins to read again, its pong tells, and the close frame is sent then: some
	 * containers close the socket behind that frame, and a pong that comes after it would
	 * reset the connection before the client has read the code.
	 * @param code the close code
	 */
	boolean awaitsClient(CloseCode code) {
		return this.sending || code == CloseCode.TRY_AGAIN_LATER && this.window.isProbing();
	}

	/**
	 * Returns whether the frame that is being sent has taken too long.
	 * @param now the time
	 * @param timeout the time without transmission
	 */
	boolean isOverdue(long now, Duration timeout) {
		return this.sending && now - this.sendingSince > SendWindow.allowance(timeout, this.sendingLength);
	}

	/**
	 * Returns whether all that is known has been sent.
	 */
	boolean isIdle() {
		return this.state.hasEnded() || (this.idle && this.wakeUps.get() == 0);
	}

	/**
	 * Waits until all that is known has been sent.
	 * @param deadline when to stop waiting, as a {@link System#nanoTime()}
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
	 * Gives up a ping that waits for the client. To be called when the WebSocket is
	 * closed, which not every container tells to those who wait for it.
	 */
	void gone() {
		Future<?> ping = this.patientPing;
		if (ping != null) {
			ping.cancel(true);
		}
		ended();
	}

	/**
	 * Notifies who waits for the end of the connection.
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
			// the clock tries again; what woke the loop must not suffer
			this.stalled = true;
			logger.debug("A connection's loop cannot run yet", ex);
		}
	}

	/**
	 * If it fails, the wake-ups are not taken back, so that it does not run again.
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
			LogContext.run(null, this.id, () -> logger.warn("A connection has failed", failure));
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
		if (code == null && this.channel.isSated(false)) {
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
			if (this.cursor != null && this.cursor.isAtEnd() && this.channel.isSated(true)) {
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
	 * Sends what has come since, on the thread that the container has woken already. If a
	 * container says that a frame is sent before {@link #send} has returned, the step
	 * that sent it continues.
	 */
	private void sent(@Nullable Throwable failure) {
		this.sending = false;
		if (failure != null) {
			logger.debug("A connection cannot be sent to", failure);
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
	 * Sends a ping if one is due. None is while a probe is unanswered, which is a ping
	 * already, and whose pong cannot overtake what was sent before it.
	 * @return whether it was given to a patient thread, so that nothing else can be sent
	 * now
	 */
	private boolean sendPing() {
		boolean due = this.window.isProbeDue() || this.pingDue && !this.window.isProbing();
		this.pingDue = false;
		if (due && this.window.hasRoomForPing()) {
			this.channel.ping(this.window.ping(this.time.getAsLong()));
			return false;
		}
		return due && sendPingPatiently();
	}

	private boolean sendPingPatiently() {
		begin(this.window.onTheWay());
		FutureTask<?> ping = new FutureTask<>(this::pingPatiently, null);
		this.patientPing = ping;
		try {
			this.patientThreads.execute(ping);
			return true;
		}
		catch (RejectedExecutionException | OutOfMemoryError ex) {
			// the clock tries again; until then, whatever the window allows is sent
			this.sending = false;
			this.pingDue = true;
			return false;
		}
	}

	private void pingPatiently() {
		try {
			this.channel.ping(this.window.ping(this.time.getAsLong()));
		}
		finally {
			this.patientPing = null;
			sent(null);
		}
	}

}
