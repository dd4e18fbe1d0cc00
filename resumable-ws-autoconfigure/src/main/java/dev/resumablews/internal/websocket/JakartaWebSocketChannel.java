package dev.resumablews.internal.websocket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.connection.ClientChannel;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Channel based on the Jakarta WebSocket API, which Tomcat and Jetty implement. The
 * connection enforces its own send timeouts, so those of the container are only a
 * fallback.
 */
final class JakartaWebSocketChannel implements ClientChannel {

	private static final Log logger = LogFactory.getLog(JakartaWebSocketChannel.class);

	/**
	 * Time for which Tomcat blocks to send a control frame, in milliseconds. After that
	 * it closes the connection. The value also remains in effect for the socket: a later
	 * text frame fails if the client accepts nothing for that time. Tomcat answers pings
	 * of the client itself, with the same timeout. Jetty never blocks to send a ping.
	 */
	private static final String CONTROL_FRAME_TIMEOUT = "org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT";

	private static final long CLOSE_FRAME_TIMEOUT = 1000;

	/**
	 * Longer than the connection's own timeouts, so that the connection closes with its
	 * own code.
	 */
	private static final long PING_TIMEOUT = Duration.ofHours(1).toMillis();

	private final Session session;

	private final long timeout;

	/**
	 * Whether sending a frame has failed, because the connection is broken or the
	 * container is closing it for invalid input. Tomcat then abandons the current frame,
	 * and a second close frame would precede or corrupt its own.
	 */
	private volatile boolean failed;

	/**
	 * Creates a channel.
	 * @param timeout time within which a client must accept data
	 * @param closeTimeout time within which a client must answer a close frame
	 */
	JakartaWebSocketChannel(Session session, Duration timeout, Duration closeTimeout) {
		this.session = session;
		this.timeout = timeout.toMillis();
		session.setMaxIdleTimeout(0);
		session.getAsyncRemote().setSendTimeout(0);
		session.getUserProperties().put(CONTROL_FRAME_TIMEOUT, this.timeout);
		session.getUserProperties().put("org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT", closeTimeout.toMillis());
		// for closes by Tomcat itself after invalid UTF-8; the default of 50 ms is too
		// short on
		// a busy machine, and the client would receive no code
		session.getUserProperties()
			.put("org.apache.tomcat.websocket.ABNORMAL_SESSION_CLOSE_SEND_TIMEOUT", CLOSE_FRAME_TIMEOUT);
	}

	@Override
	public void send(String text, Consumer<@Nullable Throwable> done) {
		try {
			this.session.getAsyncRemote().sendText(text, (result) -> {
				this.failed = !result.isOK();
				done.accept(result.isOK() ? null : result.getException());
			});
		}
		catch (RuntimeException ex) {
			this.failed = true;
			done.accept(ex);
		}
	}

	@Override
	public void ping(long number) {
		try {
			this.session.getUserProperties().put(CONTROL_FRAME_TIMEOUT, PING_TIMEOUT);
			this.session.getAsyncRemote().sendPing(ByteBuffer.allocate(Long.BYTES).putLong(0, number));
			this.session.getUserProperties().put(CONTROL_FRAME_TIMEOUT, this.timeout);
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("Failed to send a ping", ex);
		}
	}

	/**
	 * Returns the number of a pong.
	 * @param payload the payload of the pong
	 * @return the number; 0 if it has none
	 */
	static long number(ByteBuffer payload) {
		return (payload.remaining() == Long.BYTES) ? payload.getLong(payload.position()) : 0;
	}

	/**
	 * Sends nothing if sending a frame has failed before: the container closes the
	 * connection then, or otherwise {@link #cut} does.
	 */
	@Override
	public void close(CloseCode code, String reason) {
		if (!this.failed) {
			close(code, reason, CLOSE_FRAME_TIMEOUT);
		}
	}

	private void close(CloseCode code, String reason, long timeout) {
		try {
			this.session.getUserProperties().put(CONTROL_FRAME_TIMEOUT, timeout);
			this.session.close(new CloseReason(CloseCodes.getCloseCode(code.code()), reason));
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("Failed to close the WebSocket", ex);
		}
	}

	@Override
	public void ignoreInput() {
		try {
			ContainerSession.suspend(this.session);
		}
		catch (RuntimeException ex) {
			logger.trace("The WebSocket is already closed", ex);
		}
	}

	@Override
	public void cut(CloseCode code) {
		try {
			close(code, code.name().toLowerCase(Locale.ROOT), 1);
			this.session.setMaxIdleTimeout(1);
			ContainerSession.abort(this.session);
		}
		catch (RuntimeException ex) {
			logger.trace("The WebSocket is already closed", ex);
		}
	}

}
