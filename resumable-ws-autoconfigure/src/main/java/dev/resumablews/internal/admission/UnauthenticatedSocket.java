package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.Locale;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.CloseCode;
import dev.resumablews.internal.connection.ClientChannel;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.handshake.HandshakeRejectedException;
import dev.resumablews.internal.handshake.PendingHandshake;
import dev.resumablews.internal.handshake.RejectionReason;
import dev.resumablews.internal.workers.ListeningClock;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket whose client is not authenticated. Waits for the first message, verifies
 * its token on a thread that may block, and hands the WebSocket over to a
 * {@link Connection}. Sends nothing before that. Every invalid message closes the
 * WebSocket with the same code, so that the code reveals nothing. Safe for use by many
 * threads.
 */
public final class UnauthenticatedSocket {

	/**
	 * Time-out for sending a frame. The container sends only responses to pings.
	 */
	public static final Duration SEND_TIMEOUT = Duration.ofSeconds(1);

	/**
	 * Time-out of the verification. Longer than the fetching of keys may take.
	 */
	static final Duration VERIFICATION_TIMEOUT = Duration.ofSeconds(15);

	/**
	 * Time for which the TCP connection remains open after the close frame.
	 */
	private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(500);

	private static final Log logger = LogFactory.getLog(UnauthenticatedSocket.class);

	private final UnauthenticatedSockets sockets;

	private final PendingHandshake handshake;

	private final ClientChannel channel;

	private final FirstMessage message;

	private final Listener listener;

	/**
	 * Guarded by this, like all fields below.
	 */
	private State state = State.WAITING;

	/**
	 * Time at which the socket was opened, by {@link ListeningClock}.
	 */
	private final long openedAt;

	/**
	 * Time at which the socket was closed, by {@link System#nanoTime()}.
	 */
	private long endedNanos;

	private @Nullable CloseCode code;

	/**
	 * Whether the WebSocket is closed. Read by any thread.
	 */
	private volatile boolean gone;

	/**
	 * Whether the verification was requested and has not ended.
	 */
	private boolean verifying;

	/**
	 * Time of that request, by {@link System#nanoTime()}.
	 */
	private long verifyingNanos;

	private @Nullable Thread verifier;

	private boolean counted = true;

	/**
	 * Creates a socket that waits for its first message.
	 * @param sockets counts the socket until it is authenticated or closed
	 */
	UnauthenticatedSocket(UnauthenticatedSockets sockets, PendingHandshake handshake, ClientChannel channel,
			FirstMessage message, Listener listener) {
		this.sockets = sockets;
		this.handshake = handshake;
		this.channel = channel;
		this.message = message;
		this.listener = listener;
		this.openedAt = sockets.time();
	}

	String network() {
		return this.handshake.network();
	}

	/**
	 * Handles a piece of a text message. Called by the container.
	 * @return false if the client is authenticated and its connection must handle the
	 * piece
	 */
	public synchronized boolean receive(String piece, boolean last) {
		if (this.state != State.WAITING) {
			return receiveOther();
		}
		try {
			String token = this.message.receive(piece, last);
			if (token != null) {
				requestVerification(token);
			}
		}
		catch (FirstMessage.UnexpectedException ex) {
			refuse(RejectionReason.FIRST_MESSAGE, null);
		}
		return true;
	}

	/**
	 * Handles a frame that is not a piece of a text message. Called by the container.
	 * @return false if the client is authenticated and its connection must handle the
	 * frame
	 */
	public synchronized boolean receiveOther() {
		if (this.state == State.ACCEPTED) {
			return false;
		}
		refuse(RejectionReason.FIRST_MESSAGE, null);
		return true;
	}

	/**
	 * Closes the WebSocket, unless the client is authenticated.
	 */
	void close(CloseCode code) {
		end(code, word(code));
	}

	/**
	 * Records that the WebSocket is closed.
	 * @return false if the client is authenticated and its connection must handle the
	 * close
	 */
	public synchronized boolean gone() {
		if (this.state == State.ACCEPTED) {
			return false;
		}
		this.state = State.ENDED;
		this.message.clear();
		this.gone = true;
		this.sockets.closed();
		removeIfOver();
		return true;
	}

	/**
	 * Returns whether the WebSocket is closed. Its verification may still be running.
	 */
	boolean isGone() {
		return this.gone;
	}

	/**
	 * Checks the time-outs. Called by the scheduler.
	 * @param now the time of {@link ListeningClock}
	 */
	synchronized void watch(long now) {
		long nanos = System.nanoTime();
		if (this.state == State.WAITING && now - this.openedAt > this.sockets.timeout().toNanos()) {
			refuse(RejectionReason.FIRST_MESSAGE_TIMEOUT, null);
		}
		else if (this.state == State.ENDED && nanos - this.endedNanos > CLOSE_TIMEOUT.toNanos()) {
			cut(nanos);
		}
		if (this.verifying && nanos - this.verifyingNanos > VERIFICATION_TIMEOUT.toNanos()) {
			refuse(RejectionReason.AUTHENTICATION_UNAVAILABLE, null);
			if (this.verifier != null) {
				this.verifier.interrupt();
			}
		}
	}

	private void requestVerification(String token) {
		this.message.clear();
		this.state = State.VERIFYING;
		this.verifyingNanos = System.nanoTime();
		this.verifying = true;
		try {
			this.sockets.workers().authenticating().execute(network(), () -> verify(token));
		}
		catch (Throwable ex) {
			logger.debug("No thread is available to verify a first message", ex);
			this.verifying = false;
			refuse(RejectionReason.AUTHENTICATION_UNAVAILABLE, null);
		}
	}

	private void verify(String token) {
		try {
			if (beginVerification()) {
				long began = System.nanoTime();
				AuthenticatedUser user = this.handshake.authenticate(token);
				// the place of the connection replaces that of this socket
				uncount();
				accept(this.handshake.admit(user), began);
			}
		}
		catch (HandshakeRejectedException ex) {
			refuse(ex.rejection().reason(), ex.userId());
		}
		catch (Throwable ex) {
			// its message may contain the token
			logger.warn("A first message could not be verified: " + ex.getClass().getName());
			logger.debug("A first message could not be verified", ex);
			refuse(RejectionReason.AUTHENTICATION_UNAVAILABLE, null);
		}
		finally {
			endVerification();
		}
	}

	/**
	 * Begins the verification. Returns whether the client still waits for it.
	 */
	private synchronized boolean beginVerification() {
		this.verifier = Thread.currentThread();
		return this.state == State.VERIFYING;
	}

	private synchronized void endVerification() {
		this.verifier = null;
		// clears the interrupt, which must not reach the next task of the thread
		Thread.interrupted();
		this.verifying = false;
		removeIfOver();
	}

	private synchronized void accept(Handshake handshake, long beganNanos) {
		if (this.state == State.VERIFYING) {
			this.state = State.ACCEPTED;
			this.listener.accepted(handshake, beganNanos);
			this.sockets.remove(this);
		}
		else {
			this.listener.cancelled(handshake);
		}
	}

	private void refuse(RejectionReason reason, @Nullable String userId) {
		CloseCode code = code(reason);
		if (end(code, (code == CloseCode.RATE_LIMITED) ? reason.word() : word(code))) {
			this.handshake.refused(reason, userId);
			if (reason == RejectionReason.FIRST_MESSAGE) {
				this.channel.ignoreInput();
			}
		}
	}

	private static CloseCode code(RejectionReason reason) {
		return switch (reason) {
			case TOKEN, FIRST_MESSAGE, FIRST_MESSAGE_TIMEOUT -> CloseCode.UNAUTHORIZED;
			case MAX_PER_USER, HANDSHAKES_RATE -> CloseCode.RATE_LIMITED;
			case SHUTTING_DOWN -> CloseCode.RESTART;
			default -> CloseCode.TRY_AGAIN_LATER;
		};
	}

	/**
	 * Closes the WebSocket on a thread that may wait for the client.
	 * @return whether it was open, and the client not authenticated
	 */
	private synchronized boolean end(CloseCode code, String reason) {
		if (this.state == State.ENDED || this.state == State.ACCEPTED) {
			return false;
		}
		this.state = State.ENDED;
		this.endedNanos = System.nanoTime();
		this.code = code;
		this.message.clear();
		try {
			this.sockets.workers().closing().execute(() -> this.channel.close(code, reason));
		}
		catch (Throwable ex) {
			logger.debug("Failed to close a WebSocket gracefully", ex);
		}
		return true;
	}

	/**
	 * Ends the TCP connection. If no thread is available, the scheduler retries.
	 */
	private void cut(long nanos) {
		CloseCode code = this.code;
		if (code != null && !this.gone) {
			this.endedNanos = nanos;
			this.sockets.workers().cutting().execute(() -> {
				this.channel.cut(code);
				gone();
			});
		}
	}

	private void removeIfOver() {
		if (this.gone && !this.verifying) {
			uncount();
			this.sockets.remove(this);
		}
	}

	private synchronized void uncount() {
		if (this.counted) {
			this.counted = false;
			this.sockets.uncount(network());
		}
	}

	private static String word(CloseCode code) {
		return code.name().toLowerCase(Locale.ROOT);
	}

	private enum State {

		WAITING, VERIFYING, ACCEPTED, ENDED

	}

	/**
	 * Listener that is notified of the outcome of the authentication.
	 */
	public interface Listener {

		/**
		 * Called when the client is authenticated and a place is reserved for its
		 * connection. Calls of the container wait until this method returns.
		 * @param beganNanos when the verification began, by {@link System#nanoTime()}
		 */
		void accepted(Handshake handshake, long beganNanos);

		/**
		 * Called when the client is authenticated but its WebSocket is already closed.
		 * The reserved place must be released.
		 */
		void cancelled(Handshake handshake);

	}

}
