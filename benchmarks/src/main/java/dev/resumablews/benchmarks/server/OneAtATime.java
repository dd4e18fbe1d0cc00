package dev.resumablews.benchmarks.server;

import java.io.IOException;

import org.springframework.web.socket.WebSocketMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.WebSocketSessionDecorator;

/**
 * A socket that many threads may send to: they wait for each other, and nothing is
 * queued.
 */
final class OneAtATime extends WebSocketSessionDecorator {

	OneAtATime(WebSocketSession socket) {
		super(socket);
	}

	@Override
	public synchronized void sendMessage(WebSocketMessage<?> message) throws IOException {
		super.sendMessage(message);
	}

}
