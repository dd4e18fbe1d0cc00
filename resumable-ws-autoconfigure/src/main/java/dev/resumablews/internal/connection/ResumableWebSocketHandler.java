package dev.resumablews.internal.connection;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.handshake.PendingHandshake;
import dev.resumablews.internal.presence.Presence;
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

	private final ConnectionServices services;

	private final DispatcherServices dispatcherServices;

	private final Connections connections;

	private final SessionOpener opener;

	private final Presence presence;

	private final Disconnector disconnector;

	ResumableWebSocketHandler(ConnectionServices services, DispatcherServices dispatcherServices,
			Connections connections, SessionOpener opener, Presence presence, Disconnector disconnector) {
		this.services = services;
		this.dispatcherServices = dispatcherServices;
		this.connections = connections;
		this.opener = opener;
		this.presence = presence;
		this.disconnector = disconnector;
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
			// what is thrown from here is logged with the address, which may hold a token
			logger.error("WebSocket " + session.getId() + " could not be opened", ex);
			close(session);
		}
	}

	private void awaitFirstMessage(WebSocketSession session, PendingHandshake handshake) {
		UnauthenticatedSocket socket = this.connections.unauthenticated()
			.add(handshake, channel(session, UnauthenticatedSocket.SEND_TIMEOUT), new Waiting(session));
		session.getAttributes().put(ATTRIBUTE, socket);
		if (!session.isOpen()) {
			socket.gone();
		}
	}

	private static WebSocketChannel channel(WebSocketSession session, Duration sendTimeout) {
		Session nativeSession = Objects
			.requireNonNull(((NativeWebSocketSession) session).getNativeSession(Session.class));
		return new JakartaWebSocketChannel(nativeSession, sendTimeout, Connection.CLOSE_TIMEOUT);
	}

	/**
	 * Makes a WebSocket a connection.
	 * @param beganNanos when the verification of the token began, or before, by
	 * {@link System#nanoTime()}
	 */
	private void attach(WebSocketSession session, Handshake handshake, long beganNanos) {
		Attached attached = new Attached(handshake, channel(session, this.services.settings().sendTimeout()));
		attached.connection.authenticated(new Login(handshake.user(), beganNanos));
		session.getAttributes().put(ATTRIBUTE, attached);
		this.connections.add(attached.connection);
		this.disconnector.added(attached.connection);
		if (!this.opener.open(attached.connection)) {
			attached.connection.close(CloseCode.TRY_AGAIN_LATER);
		}
		if (!session.isOpen()) {
			attached.remove(CloseStatus.NO_CLOSE_FRAME.getCode());
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
			attached.connection.pong(pong.getPayload());
			return;
		}
		attached.connection.receiving(true);
		try {
			if (message instanceof TextMessage text) {
				attached.receiver.receive(text.getPayload(), text.isLast());
			}
			else {
				attached.connection.closeViolation(CloseCode.BINARY_NOT_SUPPORTED, "binary");
			}
		}
		catch (Throwable ex) {
			logger.error("A message of connection " + attached.connection.id() + " could not be received", ex);
			attached.connection.close(CloseCode.INTERNAL_ERROR);
		}
		finally {
			attached.connection.receiving(false);
		}
	}

	private static boolean receive(UnauthenticatedSocket socket, WebSocketMessage<?> message) {
		return (message instanceof TextMessage text) ? socket.receive(text.getPayload(), text.isLast())
				: socket.receiveOther();
	}

	@Override
	public void handleTransportError(WebSocketSession session, Throwable failure) {
		logger.debug("The transport of WebSocket " + session.getId() + " has failed", failure);
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
		UnauthenticatedSocket waiting = waiting(session);
		if (waiting != null && waiting.gone()) {
			return;
		}
		Attached attached = attached(session);
		if (attached != null) {
			attached.remove(status.getCode());
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

	/**
	 * Returns what waits for the client's first message; null if nothing does.
	 */
	private static @Nullable UnauthenticatedSocket waiting(WebSocketSession session) {
		return (session.getAttributes().get(ATTRIBUTE) instanceof UnauthenticatedSocket socket) ? socket : null;
	}

	private static @Nullable Attached attached(WebSocketSession session) {
		return (session.getAttributes().get(ATTRIBUTE) instanceof Attached attached) ? attached : null;
	}

	/**
	 * Makes a WebSocket a connection once its client is authenticated.
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
					logger.error("WebSocket " + this.session.getId() + " could not be opened", ex);
					close(this.session);
				}
			}
		}

		@Override
		public void cancelled(Handshake handshake) {
			ResumableWebSocketHandler.this.connections.cancel(handshake.user().userId());
		}

	}

	/**
	 * What belongs to a WebSocket session.
	 */
	private final class Attached implements Connection.Listener {

		private final Connection connection;

		private final ClientMessageDispatcher dispatcher;

		private final ClientMessageReceiver receiver;

		Attached(Handshake handshake, WebSocketChannel channel) {
			ConnectionServices services = ResumableWebSocketHandler.this.services;
			DispatcherServices dispatcherServices = ResumableWebSocketHandler.this.dispatcherServices;
			this.connection = new Connection(services, handshake, channel, this);
			this.dispatcher = new ClientMessageDispatcher(this.connection, dispatcherServices, services.settings());
			this.receiver = new ClientMessageReceiver(this.connection, dispatcherServices.reader(), services.settings(),
					this.dispatcher);
		}

		@Override
		public void opened(Connection connection) {
			ResumableWebSocketHandler.this.presence.opened(connection.toLiveConnection());
			ResumableWebSocketHandler.this.services.listener().onConnectionOpened(connection.resumed());
			ResumableWebSocketHandler.this.connections.join(connection);
			this.dispatcher.sessionOpened();
			if (connection.isGone()) {
				leave(CloseStatus.NO_CLOSE_FRAME.getCode());
			}
		}

		@Override
		public void closed(Connection connection) {
			remove(CloseStatus.NO_STATUS_CODE.getCode());
		}

		void remove(int theirs) {
			if (this.connection.gone()) {
				this.receiver.end();
				this.dispatcher.end();
				ResumableWebSocketHandler.this.connections.remove(this.connection);
				leave(theirs);
			}
		}

		/**
		 * Undoes what was done when the session was opened, once.
		 */
		private void leave(int theirs) {
			if (this.connection.hasSession() && ResumableWebSocketHandler.this.connections.leave(this.connection)) {
				CloseCode ours = this.connection.closing();
				ResumableWebSocketHandler.this.presence.closed(this.connection.toLiveConnection());
				ResumableWebSocketHandler.this.services.listener()
					.onConnectionClosed((ours != null) ? ours.code() : theirs);
			}
		}

	}

}
