package dev.resumablews.benchmarks.server;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.TextWebSocketHandler;

/**
 * Handler of the recipe, which inserts each event before it sends it. Deltas are
 * forwarded and not stored; the durable variant inserts each of them first. A replay is
 * one query and one frame for each event.
 */
final class RecipeHandler extends TextWebSocketHandler implements EventSink {

	static final String USER = "userId";

	static final String SESSION = "sessionId";

	static final String LAST_EVENT = "lastEventId";

	private static final String SOCKET = "socket";

	private static final String CONNECTION = "connectionId";

	private final RecipeTables tables;

	private final Pacer pacer;

	private final Scheduler replies;

	private final boolean durableDeltas;

	private final JsonMapper json = JsonMapper.shared();

	private final Rooms rooms = new Rooms();

	RecipeHandler(RecipeTables tables, Pacer pacer, Scheduler replies, boolean durableDeltas) {
		this.tables = tables;
		this.pacer = pacer;
		this.replies = replies;
		this.durableDeltas = durableDeltas;
	}

	@Override
	public void afterConnectionEstablished(WebSocketSession session) throws IOException {
		Map<String, Object> attributes = session.getAttributes();
		String userId = (String) Objects.requireNonNull(attributes.get(USER));
		UUID requestedId = (UUID) attributes.get(SESSION);
		boolean resumed = requestedId != null && this.tables.exists(requestedId, userId);
		UUID sessionId = resumed ? Objects.requireNonNull(requestedId) : UUID.randomUUID();
		if (!resumed) {
			this.tables.open(sessionId, userId);
		}
		UUID connectionId = UUID.randomUUID();
		this.tables.connected(connectionId, sessionId, userId);
		WebSocketSession socket = new SynchronizedSession(session);
		attributes.put(SESSION, sessionId);
		attributes.put(CONNECTION, connectionId);
		attributes.put(SOCKET, socket);
		socket.sendMessage(new TextMessage(Frames.init(sessionId, resumed)));
		this.rooms.join(sessionId, socket);
		List<String> missed = resumed
				? this.tables.after(sessionId, (Long) Objects.requireNonNull(attributes.get(LAST_EVENT))) : List.of();
		for (String frame : missed) {
			socket.sendMessage(new TextMessage(frame));
		}
		socket.sendMessage(new TextMessage(Frames.replayComplete(missed.size())));
	}

	@Override
	protected void handleTextMessage(WebSocketSession session, TextMessage message) throws IOException {
		JsonNode node = this.json.readTree(message.getPayload());
		UUID sessionId = (UUID) Objects.requireNonNull(session.getAttributes().get(SESSION));
		UUID key = UUID.fromString(node.path("idempotency_key").asString());
		if (!node.path("type").asString().equals("user_message") || !this.tables.claim(sessionId, key)) {
			return;
		}
		String content = node.path("content").asString();
		long id = append(sessionId, "user_message", Frames.userMessage(content, key));
		((WebSocketSession) Objects.requireNonNull(session.getAttributes().get(SOCKET)))
			.sendMessage(new TextMessage(Frames.ack(key, id)));
		answer(sessionId, id, ReplyOrder.parse(content));
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
		Object socket = session.getAttributes().get(SOCKET);
		if (socket != null) {
			UUID sessionId = (UUID) Objects.requireNonNull(session.getAttributes().get(SESSION));
			this.rooms.leave(sessionId, (WebSocketSession) socket);
			this.tables.disconnected((UUID) Objects.requireNonNull(session.getAttributes().get(CONNECTION)));
		}
	}

	@Override
	public CompletableFuture<?> publish(UUID sessionId, String type, Map<String, String> payload) {
		append(sessionId, type, this.json.writeValueAsString(payload));
		return CompletableFuture.completedFuture(null);
	}

	private void answer(UUID sessionId, long inReplyTo, ReplyOrder order) {
		LiveReply reply = new LiveReply(sessionId, this.rooms);
		append(sessionId, "assistant_started", Frames.started(reply.messageId(), inReplyTo));
		Flux.from(this.pacer.tokens(order)).publishOn(this.replies).subscribe((token) -> {
			if (this.durableDeltas) {
				append(sessionId, "assistant_delta", reply.next(token));
			}
			else {
				reply.forward(token);
			}
		}, (failure) -> {
		}, () -> append(sessionId, "assistant_message", reply.completeMessage()));
	}

	private long append(UUID sessionId, String type, String payload) {
		long id = this.tables.append(sessionId, type, payload);
		this.rooms.send(sessionId, Frames.event(type, id, payload, Instant.now()));
		return id;
	}

}
