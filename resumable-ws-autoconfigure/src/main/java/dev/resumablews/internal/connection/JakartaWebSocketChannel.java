package dev.resumablews.internal.connection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.function.Consumer;

import dev.resumablews.CloseCode;
import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.Session;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A channel on the Jakarta WebSocket API, which both Tomcat and Jetty speak. The
 * connection times its sends itself, so the container's own time-outs are only a second
 * line.
 */
final class JakartaWebSocketChannel implements WebSocketChannel {

	private static final Log logger = LogFactory.getLog(JakartaWebSocketChannel.class);

	/**
	 * How long Tomcat may block for a control frame, in milliseconds.
	 */
	private static final long CONTROL_FRAME_TIMEOUT = 1000;

	private final Session session;

	JakartaWebSocketChannel(Session session) {
		this.session = session;
		session.setMaxIdleTimeout(0);
		session.getAsyncRemote().setSendTimeout(0);
		session.getUserProperties().put("org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT", CONTROL_FRAME_TIMEOUT);
		session.getUserProperties().put("org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT", CLOSE_TIMEOUT.toMillis());
	}

	@Override
	public void send(String text, Consumer<@Nullable Throwable> done) {
		try {
			this.session.getAsyncRemote()
				.sendText(text, (result) -> done.accept(result.isOK() ? null : result.getException()));
		}
		catch (RuntimeException ex) {
			done.accept(ex);
		}
	}

	@Override
	public void ping() {
		try {
			this.session.getAsyncRemote().sendPing(ByteBuffer.allocate(0));
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("No ping could be sent", ex);
		}
	}

	@Override
	public void close(CloseCode code) {
		try {
			this.session
				.close(new CloseReason(CloseCodes.getCloseCode(code.code()), code.name().toLowerCase(Locale.ROOT)));
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("The WebSocket could not be closed in order", ex);
		}
	}

	/**
	 * Jetty would wait for ever for a client that has vanished.
	 */
	@Override
	public void cut() {
		try {
			this.session.setMaxIdleTimeout(1);
		}
		catch (RuntimeException ex) {
			logger.trace("The WebSocket is closed", ex);
		}
	}

}
