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
 * A channel on the Jakarta WebSocket API, which both Tomcat and Jetty speak. The
 * connection times its sends itself, so the container's own time-outs are only a second
 * line.
 */
final class JakartaWebSocketChannel implements ClientChannel {

	private static final Log logger = LogFactory.getLog(JakartaWebSocketChannel.class);

	/**
	 * How long Tomcat blocks for a control frame, in milliseconds. When that is over, it
	 * closes the connection. The time also stays with the socket: a later text frame
	 * fails when the client takes nothing of it for as long. Tomcat answers pings of the
	 * client by itself, with the same time. Jetty never blocks for a ping.
	 */
	private static final String CONTROL_FRAME_TIMEOUT = "org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT";

	private static final long CLOSE_FRAME_PATIENCE = 1000;

	/**
	 * Longer than the connection waits for a client that takes nothing, whatever it was
	 * sent. So it is the connection that closes, with its own code.
	 */
	private static final long PING_PATIENCE = Duration.ofHours(1).toMillis();

	private final Session session;

	private final long patience;

	/**
	 * Whether a frame could not be sent, because the connection is broken, or because the
	 * container closes it for what the client has sent. Tomcat gives up what is being
	 * sent then, and another close frame would come before its own, or be mixed with it.
	 */
	private volatile boolean failed;

	/**
	 * Creates a channel.
	 * @param patience how long a client may take nothing
	 * @param closeTimeout how long a client may take to answer a close frame
	 */
	JakartaWebSocketChannel(Session session, Duration patience, Duration closeTimeout) {
		this.session = session;
		this.patience = patience.toMillis();
		session.setMaxIdleTimeout(0);
		session.getAsyncRemote().setSendTimeout(0);
		session.getUserProperties().put(CONTROL_FRAME_TIMEOUT, this.patience);
		session.getUserProperties().put("org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT", closeTimeout.toMillis());
		// when Tomcat itself closes, for invalid UTF-8; its default of 50 ms is too short
		// for a busy machine, and the client then gets no code
		session.getUserProperties()
			.put("org.apache.tomcat.websocket.ABNORMAL_SESSION_CLOSE_SEND_TIMEOUT", CLOSE_FRAME_PATIENCE);
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
			this.session.getUserProperties().put(CONTROL_FRAME_TIMEOUT, PING_PATIENCE);
			this.session.getAsyncRemote().sendPing(ByteBuffer.allocate(Long.BYTES).putLong(0, number));
			this.session.getUserProperties().put(CONTROL_FRAME_TIMEOUT, this.patience);
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("No ping could be sent", ex);
		}
	}

	/**
	 * Returns the number of a pong.
	 * @param payload what the pong holds
	 * @return the number; 0 if it has none
	 */
	static long number(ByteBuffer payload) {
		return (payload.remaining() == Long.BYTES) ? payload.getLong(payload.position()) : 0;
	}

	/**
	 * Sends nothing after a frame that could not be sent: the container closes the
	 * connection. If it does not, {@link #cut} does.
	 */
	@Override
	public void close(CloseCode code, String reason) {
		if (!this.failed) {
			close(code, reason, CLOSE_FRAME_PATIENCE);
		}
	}

	private void close(CloseCode code, String reason, long patience) {
		try {
			this.session.getUserProperties().put(CONTROL_FRAME_TIMEOUT, patience);
			this.session.close(new CloseReason(CloseCodes.getCloseCode(code.code()), reason));
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("The WebSocket could not be closed in order", ex);
		}
	}

	@Override
	public void ignoreInput() {
		try {
			ContainerSession.suspend(this.session);
		}
		catch (RuntimeException ex) {
			logger.trace("The WebSocket is closed", ex);
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
			logger.trace("The WebSocket is closed", ex);
		}
	}

}
