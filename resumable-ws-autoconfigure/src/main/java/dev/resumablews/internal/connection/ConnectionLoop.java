package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import dev.resumablews.CloseCode;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sends what a connection has to send, for as long as the channel takes it.
 * <ol>
 * <li>Whatever may have changed something (a new event, a control message, the end of a
 * send or of a read, a pong) wakes the loop. It runs on one thread at a time; wake-ups
 * are counted, so none is lost.
 * <li>Nothing is done while a frame is being sent; its end wakes the loop.
 * <li>Control messages that wait are sent first, then the events that follow the cursor,
 * while the {@link SendWindow} is open. If the session is closed and all of it was sent,
 * the connection is closed.
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

	/**
	 * A send that takes longer has found the buffers of the network full.
	 */
	private static final long QUICK = TimeUnit.MILLISECONDS.toNanos(20);

	private final Executor threads;

	private final Executor patientThreads;

	private final LongSupplier time;

	private final WebSocketChannel channel;

	private final ConnectionState state;

	private final boolean ndjson;

	/**
	 * Closes the WebSocket.
	 */
	private final Consumer<CloseCode> end;

	private final SendWindow window;

	private final ControlQueue control = new ControlQueue();

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

	private volatile int sendingLength;

	/**
	 * Whether the last frame found the buffers of the network full.
	 */
	private volatile boolean congested;

	/**
	 * Whether the loop found nothing more to do when it last ran. Set by the loop.
	 */
	private volatile boolean idle;

	/**
	 * Set by the clock, cleared by the loop.
	 */
	private volatile boolean pingDue;

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
	 * @param threads run it
	 * @param patientThreads send pings to slow clients
	 * @param time the time of {@link ListeningClock}
	 * @param end closes the WebSocket; must not throw
	 */
	ConnectionLoop(Executor threads, Executor patientThreads, LongSupplier time, WebSocketChannel channel,
			ConnectionState state, SendWindow window, boolean ndjson, Consumer<CloseCode> end) {
		this.threads = threads;
		this.patientThreads = patientThreads;
		this.time = time;
		this.channel = channel;
		this.state = state;
		this.window = window;
		this.ndjson = ndjson;
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
		boolean added = this.control.offer(message);
		wake();
		return added;
	}

	/**
	 * Adds the control message that is sent before any other.
	 */
	void offerFirst(String message) {
		this.control.offerFirst(message);
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
	 * Runs the loop if it could not be run before. Called by the clock.
	 */
	void retry() {
		if (this.stalled) {
			schedule();
		}
	}

	/**
	 * Returns whether a frame is being sent.
	 */
	boolean isSending() {
		return this.sending;
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
			long left = deadline - System.nanoTime();
			while (!isIdle() && left > 0) {
				TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
				left = deadline - System.nanoTime();
			}
		}
		finally {
			this.awaited = false;
		}
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
			logger.warn("A connection has failed", failure);
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
			this.end.accept(code);
		}
		else if (this.cursor != null && this.cursor.hasEnded()) {
			this.state.close(CloseCode.DONE);
			this.wakeUps.incrementAndGet();
		}
		else {
			this.idle = this.window.isOpen() && (this.cursor == null || !this.cursor.isReading());
		}
	}

	private void fill(boolean withEvents) {
		List<String> messages = new ArrayList<>();
		this.control.drainTo(messages);
		if (withEvents && this.cursor != null && this.window.isOpen()) {
			this.cursor.take(messages, this.window.frameLength());
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

	private void begin(int length) {
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
		this.congested = this.time.getAsLong() - this.sendingSince > QUICK;
		this.sending = false;
		if (failure != null) {
			logger.debug("A connection cannot be sent to", failure);
			this.state.close(CloseCode.INTERNAL_ERROR);
			this.end.accept(CloseCode.INTERNAL_ERROR);
		}
		if (this.wakeUps.getAndIncrement() == 0) {
			run();
		}
	}

	/**
	 * Sends a ping if one is due.
	 * @return whether a thread was given it that may wait for the client, so that nothing
	 * else can be sent now
	 */
	private boolean sendPing() {
		boolean probe = this.window.isProbeDue();
		if (!probe && !this.pingDue) {
			return false;
		}
		this.pingDue = false;
		boolean patient = this.congested || this.window.isSlow();
		long number = probe ? this.window.probe(this.time.getAsLong()) : 0;
		if (!patient) {
			this.channel.ping(number);
			return false;
		}
		begin(0);
		this.patientThreads.execute(() -> {
			this.channel.pingPatiently(number);
			sent(null);
		});
		return true;
	}

}
