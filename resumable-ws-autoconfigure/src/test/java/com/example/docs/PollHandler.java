package com.example.docs;

import java.io.IOException;

import tools.jackson.databind.json.JsonMapper;

import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.TextWebSocketHandler;

// tag::before[]
class PollHandler extends TextWebSocketHandler {

	private final JsonMapper mapper;

	PollHandler(JsonMapper mapper) {
		this.mapper = mapper;
	}

	@Override
	protected void handleTextMessage(WebSocketSession socket, TextMessage message) throws IOException {
		Vote vote = this.mapper.readValue(message.getPayload(), Vote.class);
		socket.sendMessage(new TextMessage(this.mapper.writeValueAsString(vote)));
	}

	record Vote(String option) {

	}

}
// end::before[]
