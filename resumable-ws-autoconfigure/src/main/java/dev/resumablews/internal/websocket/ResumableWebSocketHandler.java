package dev.resumablews.internal.websocket;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.admission.AttachedConnection;
import dev.resumablews.internal.admission.ConnectionEndpoint;
import dev.resumablews.internal.admission.UnauthenticatedSocket;
import dev.resumablews.internal.connection.ClientChannel;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.connection.ConnectionSettings;
import dev.resumablews.internal.dispatch.ClientMessageReceiver;
import dev.resumablews.internal.dispatch.DispatcherServices;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.handshake.PendingHandshake;
import dev.resumablews.internal.observation.LogContext;
import jakarta.websocket.Session;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.PongMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.adapter.NativeWebSocketSession;

/**
 * Adapts the container's WebSockets to connections. Methods do not block, because the
 * container's threads read the messages of all clients.
 */
final class ResumableWebSocketHandler implements WebSocketHandler {

	private static final Log logger = LogFactory.getLog(ResumableWebSocketHandler.class);

	private static final String ATTRIBUTE = ResumableWebSocketHandler.class.getName();

	private final ConnectionEndpoint endpoint;

	private final DispatcherServices dispatcherServices;

	ResumableWebSocketHandler(ConnectionEndpoint endpoint, DispatcherServices dispatcherServices) {
		this.endpoint = endpoint;
		this.dispatcherServices = dispatcherServices;
	}

	@Override
	public void afterConnectionEstablished(WebSocketSession session) {
		try {
			if (session.getAttributes().get(PendingHandshake.ATTRIBUTE) instanceof PendingHandshake pending) {
				awaitFirstMessage(session, pending);
			}
			else {
				attach(session, (Handshake) Objects.requireNonNull(session.getAttributes().get(Handshake.ATTRIBUTE)),
						HandshakeTime.of(session.getAttributes()));
			}
		}
		catch (Throwable ex) {
			// an exception would be logged with the URL, which may contain a token
			logger.error("Failed to open WebSocket " + session.getId(), ex);
			close(session);
		}
	}

	private void awaitFirstMessage(WebSocketSession session, PendingHandshake handshake) {
		UnauthenticatedSocket socket = this.endpoint.connections()
			.unauthenticated()
			.add(handshake, channel(session, UnauthenticatedSocket.SEND_TIMEOUT), new Waiting(session));
		session.getAttributes().put(ATTRIBUTE, socket);
		if (!session.isOpen()) {
			socket.gone();
		}
	}

	private static ClientChannel channel(WebSocketSession session, Duration sendTimeout) {
		Session nativeSession = Objects
			.requireNonNull(((NativeWebSocketSession) session).getNativeSession(Session.class));
		return new JakartaWebSocketChannel(nativeSession, sendTimeout, Connection.CLOSE_TIMEOUT);
	}

	/**
	 * Creates the connection of a WebSocket.
	 * @param beganNanos {@link System#nanoTime()} at or before the start of the token's
	 * verification
	 */
	private void attach(WebSocketSession session, Handshake handshake, long beganNanos) {
		ConnectionSettings settings = this.endpoint.services().settings();
		AttachedConnection attached = this.endpoint.attach(handshake, channel(session, settings.sendTimeout()),
				beganNanos);
		ClientMessageReceiver receiver = new ClientMessageReceiver(attached.connection(), settings,
				this.dispatcherServices);
		attached.receiver(receiver);
		session.getAttributes().put(ATTRIBUTE, new Attached(attached, receiver));
		attached.open();
		if (!session.isOpen()) {
			attached.remove(AttachedConnection.NO_CLOSE_FRAME);
		}
	}

	@Override
	public void handleMessage(WebSocketSession session, WebSocketMessage<?> message) {
		UnauthenticatedSocket waiting = waiting(session);
		if (waiting != null && receive(waiting, message)) {
			return;
		}
		Attached attached = attached(session);
		if (attached == null) {
			return;
		}
		if (message instanceof PongMessage pong) {
			attached.receiver.receiveControl();
			attached.connection().pong(JakartaWebSocketChannel.number(pong.getPayload()));
			return;
		}
		attached.connection().receiving(true);
		try {
			if (message instanceof TextMessage text) {
				attached.receiver.receive(text.getPayload(), text.isLast());
			}
			else {
				attached.connection().closeViolation(CloseCode.BINARY_NOT_SUPPORTED, "binary");
			}
		}
		catch (Throwable ex) {
			LogContext.run(null, attached.connection().id(),
					() -> logger.error("Failed to receive a message on connection " + attached.connection().id(), ex));
			attached.connection().close(CloseCode.INTERNAL_ERROR);
		}
		finally {
			attached.connection().receiving(false);
		}
	}

	private static boolean receive(UnauthenticatedSocket socket, WebSocketMessage<?> message) {
		return (message instanceof TextMessage text) ? socket.receive(text.getPayload(), text.isLast())
				: socket.receiveOther();
	}

	@Override
	public void handleTransportError(WebSocketSession session, Throwable failure) {
		logger.debug("Transport error of WebSocket " + session.getId(), failure);
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
		UnauthenticatedSocket waiting = waiting(session);
		if (waiting != null && waiting.gone()) {
			return;
		}
		Attached attached = attached(session);
		if (attached != null) {
			attached.attachment.remove(status.getCode());
		}
	}

	@Override
	public boolean supportsPartialMessages() {
		return true;
	}

	private static void close(WebSocketSession session) {
		try {
			session.close(CloseStatus.SERVER_ERROR);
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("Failed to close WebSocket " + session.getId(), ex);
		}
	}

	/**
	 * Returns the socket that waits for the client's first message; null if there is
	 * none.
	 */
	private static @Nullable UnauthenticatedSocket waiting(WebSocketSession session) {
		return (session.getAttributes().get(ATTRIBUTE) instanceof UnauthenticatedSocket socket) ? socket : null;
	}

	private static @Nullable Attached attached(WebSocketSession session) {
		return (session.getAttributes().get(ATTRIBUTE) instanceof Attached attached) ? attached : null;
	}

	/**
	 * Creates the connection of a WebSocket once its client is authenticated.
	 */
	private final class Waiting implements UnauthenticatedSocket.Listener {

		private final WebSocketSession session;

		Waiting(WebSocketSession session) {
			this.session = session;
		}

		@Override
		public void accepted(Handshake handshake, long beganNanos) {
			try {
				attach(this.session, handshake, beganNanos);
			}
			catch (Throwable ex) {
				cancelled(handshake);
				if (this.session.isOpen()) {
					logger.error("Failed to open WebSocket " + this.session.getId(), ex);
					close(this.session);
				}
			}
		}

		@Override
		public void cancelled(Handshake handshake) {
			ResumableWebSocketHandler.this.endpoint.connections().cancel(handshake.user().userId());
		}

	}

	/**
	 * The objects attached to a WebSocket session.
	 *
	 * @param attachment its connection
	 * @param receiver receives the client's messages
	 */
	private record Attached(AttachedConnection attachment, ClientMessageReceiver receiver) {

		Connection connection() {
			return this.attachment.connection();
		}

	}

}
