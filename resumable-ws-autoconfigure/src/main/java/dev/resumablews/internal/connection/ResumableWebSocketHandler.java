package dev.resumablews.internal.connection;

import java.util.Objects;

import dev.resumablews.CloseCode;
import dev.resumablews.EventLogUnavailableException;
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
 * Where the container meets the connections.
 */
final class ResumableWebSocketHandler implements WebSocketHandler {

	private static final Log logger = LogFactory.getLog(ResumableWebSocketHandler.class);

	private static final String ATTRIBUTE = ResumableWebSocketHandler.class.getName();

	private final ConnectionServices services;

	private final DispatcherServices inboxServices;

	private final Connections connections;

	private final Presence presence;

	ResumableWebSocketHandler(ConnectionServices services, DispatcherServices inboxServices, Connections connections,
			Presence presence) {
		this.services = services;
		this.inboxServices = inboxServices;
		this.connections = connections;
		this.presence = presence;
	}

	@Override
	public void afterConnectionEstablished(WebSocketSession session) {
		Handshake handshake = (Handshake) Objects.requireNonNull(session.getAttributes().get(Handshake.ATTRIBUTE));
		Session nativeSession = Objects
			.requireNonNull(((NativeWebSocketSession) session).getNativeSession(Session.class));
		WebSocketChannel channel = new JakartaWebSocketChannel(nativeSession);
		try {
			Connection connection = new Connection(this.services, handshake, channel,
					(closed) -> remove(closed, CloseStatus.NO_STATUS_CODE.getCode()));
			ClientMessageDispatcher inbox = new ClientMessageDispatcher(connection, this.inboxServices,
					this.services.settings());
			session.getAttributes().put(ATTRIBUTE, new Attached(connection, inbox));
			this.connections.add(connection);
			this.presence.opened(connection);
			this.services.listener().onConnectionOpened(connection.resumed());
			connection.start();
			if (!session.isOpen()) {
				remove(connection, CloseStatus.NO_CLOSE_FRAME.getCode());
			}
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("A session could not be opened", ex);
			channel.close(CloseCode.TRY_AGAIN_LATER);
			this.services.workers().later(WebSocketChannel.CLOSE_TIMEOUT, channel::cut);
		}
	}

	@Override
	public void handleMessage(WebSocketSession session, WebSocketMessage<?> message) {
		Attached attached = attached(session);
		if (attached == null) {
			return;
		}
		if (message instanceof TextMessage text) {
			attached.inbox().receive(text.getPayload(), text.isLast());
		}
		else if (message instanceof PongMessage) {
			attached.connection().heard();
		}
		else {
			attached.connection().close(CloseCode.BINARY_NOT_SUPPORTED);
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
			remove(attached.connection(), status.getCode());
		}
	}

	@Override
	public boolean supportsPartialMessages() {
		return true;
	}

	private void remove(Connection connection, int theirs) {
		if (connection.closed()) {
			this.connections.remove(connection);
			this.presence.closed(connection);
			CloseCode ours = connection.closing();
			int code = (ours != null) ? ours.code() : theirs;
			this.services.listener().onConnectionClosed(code);
		}
	}

	private static @Nullable Attached attached(WebSocketSession session) {
		return (Attached) session.getAttributes().get(ATTRIBUTE);
	}

	/**
	 * What belongs to a WebSocket session.
	 */
	private record Attached(Connection connection, ClientMessageDispatcher inbox) {

	}

}
