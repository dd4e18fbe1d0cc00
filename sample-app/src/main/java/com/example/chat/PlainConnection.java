package com.example.chat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.StringUtils;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.SessionLimitExceededException;

/**
 * One plain WebSocket. Answers one question at a time, without keeping the answer.
 * Messages are received on one thread at a time; another thread may close the connection.
 */
final class PlainConnection {

	private static final Logger logger = LoggerFactory.getLogger(PlainConnection.class);

	private static final Duration MAX_DURATION = Duration.ofMinutes(5);

	private final WebSocketSession session;

	private final ChatModel model;

	private final @Nullable String systemPrompt;

	private final JsonMapper json;

	private final MessageParts parts = new MessageParts();

	private volatile @Nullable Disposable answer;

	private volatile boolean closed;

	/**
	 * Creates a connection.
	 * @param session the WebSocket, which limits the time for sending a message
	 */
	PlainConnection(WebSocketSession session, ChatModel model, @Nullable String systemPrompt, JsonMapper json) {
		this.session = session;
		this.model = model;
		this.systemPrompt = systemPrompt;
		this.json = json;
	}

	/**
	 * Handles a message or a part of one.
	 */
	void receive(TextMessage part) throws IOException {
		String message = this.parts.add(this.session, part);
		if (message != null) {
			String question = question(message);
			if (question == null) {
				send(Map.of("error", "'content' must be a text"));
			}
			else if (isAnswering()) {
				send(Map.of("error", "An answer is running"));
			}
			else {
				answer(question);
			}
		}
	}

	/**
	 * Ends the running answer. Text that was not sent yet is lost.
	 */
	void close() {
		this.closed = true;
		Disposable running = this.answer;
		if (running != null) {
			running.dispose();
		}
	}

	private @Nullable String question(String message) {
		try {
			JsonNode content = this.json.readTree(message).path("content");
			return (content.isString() && StringUtils.hasText(content.stringValue())) ? content.stringValue() : null;
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	private boolean isAnswering() {
		Disposable running = this.answer;
		return running != null && !running.isDisposed();
	}

	private void answer(String question) {
		UserMessage message = new UserMessage(question);
		List<Message> messages = StringUtils.hasText(this.systemPrompt)
				? List.of(new SystemMessage(this.systemPrompt), message) : List.of(message);
		this.answer = this.model.stream(new Prompt(messages))
			.mapNotNull(PlainConnection::text)
			.filter(StringUtils::hasLength)
			.take(MAX_DURATION)
			// sending may block
			.publishOn(Schedulers.boundedElastic())
			.subscribe((delta) -> send(Map.of("delta", delta)), this::fail, () -> send(Map.of("done", true)));
		if (this.closed) {
			close();
		}
	}

	private static @Nullable String text(ChatResponse response) {
		return (response.getResult() != null) ? response.getResult().getOutput().getText() : null;
	}

	private void fail(Throwable failure) {
		logger.debug("A plain answer has failed", failure);
		send(Map.of("error", "The answer has failed"));
	}

	private void send(Map<String, Object> message) {
		try {
			this.session.sendMessage(new TextMessage(this.json.writeValueAsString(message)));
		}
		catch (IOException | IllegalStateException | SessionLimitExceededException ex) {
			logger.debug("A plain connection is closed or does not accept messages", ex);
			close();
			closeSession();
		}
	}

	private void closeSession() {
		try {
			this.session.close(CloseStatus.SESSION_NOT_RELIABLE);
		}
		catch (IOException ex) {
			logger.debug("A plain connection could not be closed", ex);
		}
	}

}
