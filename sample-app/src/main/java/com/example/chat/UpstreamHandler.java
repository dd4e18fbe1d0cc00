package com.example.chat;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

import jakarta.websocket.Session;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.adapter.NativeWebSocketSession;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;

/**
 * Simulates the realtime API of an AI provider. Sends {@code session.created} first, and
 * answers {@code conversation.item.create} and {@code response.create} with {@code
 * response.text.delta} and {@code response.audio.delta}, word by word, and {@code
 * response.done}. Answers all other messages with {@code error}. Safe for use by many
 * threads.
 */
final class UpstreamHandler extends AbstractWebSocketHandler {

	/**
	 * Limited because each answer occupies a thread of the server.
	 */
	static final int MAX_CONNECTIONS = 50;

	private static final Logger logger = LoggerFactory.getLogger(UpstreamHandler.class);

	private final Map<String, UpstreamConversation> conversations = new ConcurrentHashMap<>();

	private final Semaphore room = new Semaphore(MAX_CONNECTIONS);

	private final UpstreamAnswers answers = new UpstreamAnswers();

	private final Duration wordInterval;

	private final Duration lifetime;

	private final Duration idleTimeout;

	private final JsonMapper json;

	/**
	 * Creates the handler.
	 * @param wordInterval time between two words
	 * @param lifetime time after which a connection begins no further answer
	 * @param idleTimeout time after which an idle connection is closed
	 */
	UpstreamHandler(Duration wordInterval, Duration lifetime, Duration idleTimeout, JsonMapper json) {
		this.wordInterval = wordInterval;
		this.lifetime = lifetime;
		this.idleTimeout = idleTimeout;
		this.json = json;
	}

	@Override
	public boolean supportsPartialMessages() {
		return true;
	}

	@Override
	public void afterConnectionEstablished(WebSocketSession session) throws IOException {
		if (!this.room.tryAcquire()) {
			session.close(CloseStatus.SERVICE_OVERLOAD);
			return;
		}
		((NativeWebSocketSession) session).getNativeSession(Session.class)
			.setMaxIdleTimeout(this.idleTimeout.toMillis());
		UpstreamConversation conversation = new UpstreamConversation(session, this.answers, this.wordInterval,
				this.lifetime, this.json);
		this.conversations.put(session.getId(), conversation);
		conversation.greet();
	}

	@Override
	protected void handleTextMessage(WebSocketSession session, TextMessage message) throws Exception {
		UpstreamConversation conversation = this.conversations.get(session.getId());
		if (conversation == null) {
			return;
		}
		try {
			conversation.receive(message);
		}
		catch (IOException | IllegalStateException ex) {
			logger.debug("A connection to the upstream is gone", ex);
		}
	}

	@Override
	public void handleTransportError(WebSocketSession session, Throwable exception) {
		logger.debug("A connection to the upstream was broken", exception);
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
		if (this.conversations.remove(session.getId()) != null) {
			this.room.release();
		}
	}

}
