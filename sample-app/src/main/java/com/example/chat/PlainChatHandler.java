package com.example.chat;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.SubProtocolCapable;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;
import org.springframework.web.socket.handler.ConcurrentWebSocketSessionDecorator;

/**
 * A chat without this library, for comparison: the answer is sent while the model
 * generates it, and is not stored. The client sends {@code {"content":"…"}}. It receives
 * any number of {@code {"delta":"…"}} and then {@code {"done":true}}, or
 * {@code {"error":"…"}}. Safe for use by many threads.
 */
final class PlainChatHandler extends AbstractWebSocketHandler implements SubProtocolCapable {

	static final String SUBPROTOCOL = "plain";

	static final int MAX_PER_USER = 8;

	private static final int MAX_TOTAL = 500;

	private static final int SEND_MILLIS = 20_000;

	private static final int SEND_BUFFER = 256 * 1024;

	private static final Logger logger = LoggerFactory.getLogger(PlainChatHandler.class);

	private final Map<String, PlainConnection> connections = new ConcurrentHashMap<>();

	private final Map<String, Integer> perUser = new HashMap<>();

	private final ChatModel model;

	private final @Nullable String systemPrompt;

	private final JsonMapper json;

	PlainChatHandler(ChatModel model, @Nullable String systemPrompt, JsonMapper json) {
		this.model = model;
		this.systemPrompt = systemPrompt;
		this.json = json;
	}

	@Override
	public List<String> getSubProtocols() {
		return List.of(SUBPROTOCOL);
	}

	@Override
	public boolean supportsPartialMessages() {
		return true;
	}

	@Override
	public void afterConnectionEstablished(WebSocketSession session) throws IOException {
		if (!admit(PlainHandshake.userOf(session))) {
			session.close(CloseStatus.POLICY_VIOLATION.withReason("too many connections"));
			return;
		}
		this.connections.put(session.getId(),
				new PlainConnection(new ConcurrentWebSocketSessionDecorator(session, SEND_MILLIS, SEND_BUFFER),
						this.model, this.systemPrompt, this.json));
	}

	@Override
	protected void handleTextMessage(WebSocketSession session, TextMessage message) throws IOException {
		PlainConnection connection = this.connections.get(session.getId());
		if (connection != null) {
			connection.receive(message);
		}
	}

	@Override
	public void handleTransportError(WebSocketSession session, Throwable exception) {
		logger.debug("A plain connection was broken", exception);
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
		PlainConnection connection = this.connections.remove(session.getId());
		if (connection != null) {
			connection.close();
			release(PlainHandshake.userOf(session));
		}
	}

	private boolean admit(String user) {
		synchronized (this.perUser) {
			int count = this.perUser.getOrDefault(user, 0);
			boolean admitted = count < MAX_PER_USER && this.connections.size() < MAX_TOTAL;
			if (admitted) {
				this.perUser.put(user, count + 1);
			}
			return admitted;
		}
	}

	private void release(String user) {
		synchronized (this.perUser) {
			this.perUser.computeIfPresent(user, (key, count) -> (count > 1) ? count - 1 : null);
		}
	}

}
