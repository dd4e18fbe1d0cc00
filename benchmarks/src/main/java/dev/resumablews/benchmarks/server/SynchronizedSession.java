package dev.resumablews.benchmarks.server;

import java.io.IOException;

import org.springframework.web.socket.WebSocketMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.WebSocketSessionDecorator;

/**
 * A socket to which many threads may send. A thread waits for the others, and nothing is
 * queued.
 */
final class SynchronizedSession extends WebSocketSessionDecorator {

	SynchronizedSession(WebSocketSession socket) {
		super(socket);
	}

	@Override
	public synchronized void sendMessage(WebSocketMessage<?> message) throws IOException {
		super.sendMessage(message);
	}

}
