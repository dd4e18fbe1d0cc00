package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.Locale;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.CloseCode;
import dev.resumablews.internal.connection.ClientChannel;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.handshake.HandshakeRefusedException;
import dev.resumablews.internal.handshake.PendingHandshake;
import dev.resumablews.internal.handshake.RejectionReason;
import dev.resumablews.internal.workers.ListeningClock;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket whose client has not said who it is. Waits for the first message, verifies
 * its token on a thread that may block, and gives the WebSocket to a {@link Connection}.
 * Nothing is sent before. Whatever is wrong with the message, the WebSocket is closed
 * with the same code, so that nothing can be learned from it. Safe for use by many
 * threads.
 */
public final class UnauthenticatedSocket {

	/**
	 * How long a frame may wait for the buffers of the network. Only answers to pings are
	 * sent, by the container.
	 */
	public static final Duration SEND_TIMEOUT = Duration.ofSeconds(1);

	/**
	 * How long the verification may take. Longer than keys are fetched.
	 */
	static final Duration VERIFICATION_TIMEOUT = Duration.ofSeconds(15);

	/**
	 * How long the TCP connection stays after the close frame.
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
	 * When the socket was opened, by {@link ListeningClock}.
	 */
	private final long openedAt;

	/**
	 * When the socket was closed, by {@link System#nanoTime()}.
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
	 * When that was, by {@link System#nanoTime()}.
	 */
	private long verifyingNanos;

	private @Nullable Thread verifier;

	private boolean counted = true;

	/**
	 * Creates a socket that waits for its first message.
	 * @param sockets counts it until the client has said who it is, or is gone
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
	 * Takes a piece of a text message. Called by the container.
	 * @return false if the client is authenticated: the piece is its connection's
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
	 * Takes a frame that is no piece of a text message. Called by the container.
	 * @return false if the client is authenticated: the frame is its connection's
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
	 * Notes that the WebSocket is closed.
	 * @return false if the client is authenticated: it was its connection's
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
	 * Returns whether the WebSocket is closed. Its verification may not have ended.
	 */
	boolean isGone() {
		return this.gone;
	}

	/**
	 * Looks whether something is overdue. Called by the clock.
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
			logger.debug("No thread can be had for a first message", ex);
			this.verifying = false;
			refuse(RejectionReason.AUTHENTICATION_UNAVAILABLE, null);
		}
	}

	private void verify(String token) {
		try {
			if (beginVerification()) {
				long began = System.nanoTime();
				AuthenticatedUser user = this.handshake.authenticate(token);
				// the place of its connection takes the place of this
				uncount();
				accept(this.handshake.admit(user), began);
			}
		}
		catch (HandshakeRefusedException ex) {
			refuse(ex.rejection().reason(), ex.userId());
		}
		catch (Throwable ex) {
			// its message may hold the token
			logger.warn("A first message could not be verified: " + ex.getClass().getName());
			logger.debug("A first message could not be verified", ex);
			refuse(RejectionReason.AUTHENTICATION_UNAVAILABLE, null);
		}
		finally {
			endVerification();
		}
	}

	/**
	 * Returns whether the client still waits for it.
	 */
	private synchronized boolean beginVerification() {
		this.verifier = Thread.currentThread();
		return this.state == State.VERIFYING;
	}

	private synchronized void endVerification() {
		this.verifier = null;
		// so that the next task of the thread is not interrupted for this one
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
			logger.debug("A WebSocket cannot be closed in order", ex);
		}
		return true;
	}

	/**
	 * Ends the TCP connection. If no thread can be had, the clock tries again.
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
	 * Learns what becomes of a client.
	 */
	public interface Listener {

		/**
		 * The client is authenticated, and a place is reserved for its connection. What
		 * comes from the container waits until this returns.
		 * @param beganNanos when the verification began, by {@link System#nanoTime()}
		 */
		void accepted(Handshake handshake, long beganNanos);

		/**
		 * The client is authenticated, and its WebSocket is closed. Its reserved place is
		 * not needed.
		 */
		void cancelled(Handshake handshake);

	}

}
