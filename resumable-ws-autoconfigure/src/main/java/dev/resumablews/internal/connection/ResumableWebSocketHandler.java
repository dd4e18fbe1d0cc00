package dev.resumablews.internal.connection;

import java.io.IOException;
import java.util.Objects;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.handshake.Handshake;
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
 * Connects the container with the connections. Nothing here blocks, as the container's
 * threads read what all clients send.
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
			attach(session);
		}
		catch (Throwable ex) {
			// what is thrown from here is logged with the address, which may hold a token
			logger.error("WebSocket " + session.getId() + " could not be opened", ex);
			close(session);
		}
	}

	private void attach(WebSocketSession session) {
		Handshake handshake = (Handshake) Objects.requireNonNull(session.getAttributes().get(Handshake.ATTRIBUTE));
		Session nativeSession = Objects
			.requireNonNull(((NativeWebSocketSession) session).getNativeSession(Session.class));
		ConnectionSettings settings = this.endpoint.services().settings();
		AttachedConnection attached = this.endpoint.attach(handshake,
				new JakartaWebSocketChannel(nativeSession, settings.sendTimeout(), Connection.CLOSE_TIMEOUT),
				HandshakeTime.of(session.getAttributes()));
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
			logger.error("A message of connection " + attached.connection().id() + " could not be received", ex);
			attached.connection().close(CloseCode.INTERNAL_ERROR);
		}
		finally {
			attached.connection().receiving(false);
		}
	}

	@Override
	public void handleTransportError(WebSocketSession session, Throwable failure) {
		logger.debug("The transport of WebSocket " + session.getId() + " has failed", failure);
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
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
			logger.debug("WebSocket " + session.getId() + " could not be closed", ex);
		}
	}

	private static @Nullable Attached attached(WebSocketSession session) {
		return (Attached) session.getAttributes().get(ATTRIBUTE);
	}

	/**
	 * What belongs to a WebSocket session.
	 *
	 * @param attachment its connection
	 * @param receiver receives what the client sends
	 */
	private record Attached(AttachedConnection attachment, ClientMessageReceiver receiver) {

		Connection connection() {
			return this.attachment.connection();
		}

	}

}
