package dev.resumablews.benchmarks.server;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * A handler without authentication and storage, which shows the ceiling of the stack.
 * Sends each token on the thread on which its source emits it.
 */
final class BareHandler extends TextWebSocketHandler implements EventSink {

	private static final String SESSION_ID = "sessionId";

	private final TokenSource source;

	private final JsonMapper json = JsonMapper.shared();

	private final Rooms rooms = new Rooms();

	BareHandler(TokenSource source) {
		this.source = source;
	}

	@Override
	public void afterConnectionEstablished(WebSocketSession session) throws Exception {
		String requestedId = parameter(session, SESSION_ID);
		UUID sessionId = (requestedId != null) ? UUID.fromString(requestedId) : UUID.randomUUID();
		session.getAttributes().put(SESSION_ID, sessionId);
		WebSocketSession socket = new SynchronizedSession(session);
		this.rooms.join(sessionId, socket);
		session.getAttributes().put("socket", socket);
		socket.sendMessage(new TextMessage(Frames.init(sessionId, requestedId != null)));
		socket.sendMessage(new TextMessage(Frames.replayComplete(0)));
	}

	@Override
	protected void handleTextMessage(WebSocketSession session, TextMessage message) {
		JsonNode node = this.json.readTree(message.getPayload());
		if (node.path("type").asString().equals("user_message")) {
			UUID sessionId = sessionId(session);
			LiveReply reply = new LiveReply(sessionId, this.rooms);
			Flux.from(this.source.tokens(node.path("content").asString())).subscribe(reply::forward, (failure) -> {
			}, () -> this.rooms.send(sessionId, reply.end()));
		}
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
		Object socket = session.getAttributes().get("socket");
		if (socket != null) {
			this.rooms.leave(sessionId(session), (WebSocketSession) socket);
		}
	}

	@Override
	public CompletableFuture<?> publish(UUID sessionId, String type, Map<String, String> payload) {
		this.rooms.send(sessionId, Frames.event(type, null, this.json.writeValueAsString(payload), Instant.now()));
		return CompletableFuture.completedFuture(null);
	}

	private static UUID sessionId(WebSocketSession session) {
		return (UUID) Objects.requireNonNull(session.getAttributes().get(SESSION_ID));
	}

	private static @Nullable String parameter(WebSocketSession session, String name) {
		return UriComponentsBuilder.fromUri(Objects.requireNonNull(session.getUri()))
			.build()
			.getQueryParams()
			.getFirst(name);
	}

}
