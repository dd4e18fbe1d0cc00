package com.example.chat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;

/**
 * One connection to the upstream. Used only by the thread that receives its messages.
 * <p>
 * That thread also sends the answer before it reads the next message or answers a ping.
 * The relay considers a message delivered when the ping after it is answered, and resends
 * a message whose answer was cut off.
 */
final class UpstreamConversation {

	private static final Logger logger = LoggerFactory.getLogger(UpstreamConversation.class);

	private final WebSocketSession session;

	private final UpstreamAnswers answers;

	private final Duration wordInterval;

	private final long end;

	private final JsonMapper json;

	private final MessageParts parts = new MessageParts();

	/**
	 * The last message, while no answer to it is requested.
	 */
	private @Nullable String said;

	private int count;

	/**
	 * Creates a conversation.
	 * @param session the WebSocket
	 * @param wordInterval time between two words of an answer
	 * @param lifetime time after which no further answer begins
	 */
	UpstreamConversation(WebSocketSession session, UpstreamAnswers answers, Duration wordInterval, Duration lifetime,
			JsonMapper json) {
		this.session = session;
		this.answers = answers;
		this.wordInterval = wordInterval;
		this.end = System.nanoTime() + lifetime.toNanos();
		this.json = json;
	}

	void greet() throws IOException {
		send(Map.of("type", "session.created", "session", Map.of("id", newId("sess"), "model", "stand-in")));
	}

	/**
	 * Handles a message or a part of one.
	 */
	void receive(TextMessage part) throws IOException, InterruptedException {
		String message = this.parts.add(this.session, part);
		if (message != null) {
			handle(message);
		}
	}

	private void handle(String text) throws IOException, InterruptedException {
		JsonNode message = parse(text);
		switch (message.path("type").asString("")) {
			case "conversation.item.create" -> add(message.path("item"));
			case "response.create" -> respond(message.path("response").path("metadata"));
			default -> fail("invalid_type", "Unknown message type");
		}
	}

	private void add(JsonNode item) throws IOException {
		String text = item.path("content").path(0).path("text").asString("");
		if (text.isBlank()) {
			fail("invalid_value", "'item.content' must hold a text");
			return;
		}
		this.said = text;
		send(Map.of("type", "conversation.item.created", "item", item));
	}

	private void respond(JsonNode metadata) throws IOException, InterruptedException {
		String question = this.said;
		if (System.nanoTime() - this.end > 0) {
			this.session.close(CloseStatus.GOING_AWAY.withReason("session_expired"));
		}
		else if (question == null) {
			fail("invalid_state", "There is nothing to answer");
		}
		else {
			this.said = null;
			this.count++;
			answer(question, metadata);
		}
	}

	private void answer(String question, JsonNode metadata) throws IOException, InterruptedException {
		String id = newId("resp");
		send(Map.of("type", "response.created", "response",
				Map.of("id", id, "status", "in_progress", "metadata", metadata)));
		List<String> words = this.answers.to(question, this.count,
				UpstreamHandshake.userOf(this.session.getAttributes()));
		for (String word : words) {
			send(Map.of("type", "response.text.delta", "response_id", id, "delta", word));
			send(Map.of("type", "response.audio.delta", "response_id", id, "delta", Tone.of(word.strip())));
			Thread.sleep(this.wordInterval.toMillis());
		}
		send(Map.of("type", "response.done", "response",
				Map.of("id", id, "status", "completed", "metadata", metadata, "audio_deltas", words.size())));
	}

	private JsonNode parse(String text) {
		try {
			return this.json.readTree(text);
		}
		catch (JacksonException ex) {
			logger.debug("The upstream received a message that is not JSON", ex);
			return this.json.createObjectNode();
		}
	}

	private void fail(String code, String message) throws IOException {
		send(Map.of("type", "error", "error", Map.of("code", code, "message", message)));
	}

	private void send(Map<String, Object> message) throws IOException {
		this.session.sendMessage(new TextMessage(this.json.writeValueAsString(message)));
	}

	private static String newId(String prefix) {
		return prefix + "_" + UUID.randomUUID().toString().replace("-", "");
	}

}
