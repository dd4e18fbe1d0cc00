package dev.resumablews.benchmarks.server;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;

/**
 * The sockets of each session. Safe for use by many threads.
 */
final class Rooms {

	private final Map<UUID, Set<WebSocketSession>> sockets = new ConcurrentHashMap<>();

	void join(UUID sessionId, WebSocketSession socket) {
		this.sockets.compute(sessionId, (id, members) -> {
			Set<WebSocketSession> room = (members != null) ? members : ConcurrentHashMap.newKeySet();
			room.add(socket);
			return room;
		});
	}

	void leave(UUID sessionId, WebSocketSession socket) {
		this.sockets.computeIfPresent(sessionId, (id, members) -> {
			members.remove(socket);
			return members.isEmpty() ? null : members;
		});
	}

	/**
	 * Sends a frame to all sockets of a session, one after another.
	 */
	void send(UUID sessionId, String frame) {
		TextMessage message = new TextMessage(frame);
		for (WebSocketSession socket : this.sockets.getOrDefault(sessionId, Set.of())) {
			try {
				socket.sendMessage(message);
			}
			catch (IOException | IllegalStateException ex) {
				// the client has disconnected
			}
		}
	}

}
