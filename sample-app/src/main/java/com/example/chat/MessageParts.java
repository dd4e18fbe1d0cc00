package com.example.chat;

import java.io.IOException;

import org.jspecify.annotations.Nullable;

import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;

/**
 * Joins the parts of the messages of one WebSocket. Not thread-safe.
 */
final class MessageParts {

	/**
	 * Maximum length of a message, in characters: that of the longest question that the
	 * page allows, with all characters escaped.
	 */
	private static final int MAX_MESSAGE = 128 * 1024;

	private final StringBuilder received = new StringBuilder();

	/**
	 * Adds a part. Closes the WebSocket if the message becomes too long.
	 * @return the message, if this is its last part
	 */
	@Nullable String add(WebSocketSession session, TextMessage part) throws IOException {
		if (this.received.length() + part.getPayloadLength() > MAX_MESSAGE) {
			session.close(CloseStatus.TOO_BIG_TO_PROCESS);
			return null;
		}
		this.received.append(part.getPayload());
		if (!part.isLast()) {
			return null;
		}
		String message = this.received.toString();
		this.received.setLength(0);
		return message;
	}

}
