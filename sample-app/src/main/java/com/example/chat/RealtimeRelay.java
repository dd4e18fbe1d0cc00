package com.example.chat;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dev.resumablews.RelayCustomizer;
import dev.resumablews.RelayEvent;
import dev.resumablews.RelayHandshake;
import dev.resumablews.RelayMessage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * Translates between the page's texts and answers and the messages of a realtime API,
 * whose names differ between versions. Safe for use by many threads.
 */
@Component
class RealtimeRelay implements RelayCustomizer {

	static final String NAME = "realtime";

	/**
	 * Type of its messages and events.
	 */
	static final String TYPE = "relay." + NAME;

	/**
	 * Length of a piece of sound in Base64 characters. It fits into a signal to other
	 * nodes and contains whole samples.
	 */
	static final int SOUND = 6_000;

	private static final Duration START = Duration.ofSeconds(10);

	/**
	 * In code points, so that no character is split.
	 */
	private static final int ERROR_LENGTH = 300;

	private final JsonMapper json;

	private final CompletableFuture<Integer> port = new CompletableFuture<>();

	RealtimeRelay(JsonMapper json) {
		this.json = json;
	}

	@EventListener
	void webServerRuns(WebServerInitializedEvent event) {
		// the server of the management endpoints may be another one
		if (event.getApplicationContext().getServerNamespace() == null) {
			this.port.complete(event.getWebServer().getPort());
		}
	}

	@Override
	public String relay() {
		return NAME;
	}

	/**
	 * Sends the user, and resolves the port of the sample's own upstream: it is that of
	 * this server, which may change with each start. A relay may be taken over before the
	 * server listens.
	 */
	@Override
	public void prepare(RelayHandshake handshake) {
		handshake.headers().set(UpstreamHandshake.USER, handshake.userId());
		URI uri = handshake.uri();
		if (uri.getPort() == 0) {
			handshake.uri(UriComponentsBuilder.fromUri(uri).port(port()).build(true).toUri());
		}
	}

	private int port() {
		return this.port.copy().orTimeout(START.toMillis(), TimeUnit.MILLISECONDS).join();
	}

	@Override
	public List<JsonNode> toUpstream(RelayMessage message) {
		String text = message.payload().path("text").asString("");
		ObjectNode item = this.json.createObjectNode().put("type", "conversation.item.create");
		item.putObject("item")
			.put("type", "message")
			.put("role", "user")
			.putArray("content")
			.addObject()
			.put("type", "input_text")
			.put("text", text);
		ObjectNode response = this.json.createObjectNode().put("type", "response.create");
		// is returned with the answer, and correlates it
		response.putObject("response").putObject("metadata").put("event_id", String.valueOf(message.eventId()));
		return List.of(item, response);
	}

	@Override
	public List<JsonNode> fromUpstream(RelayEvent event) {
		JsonNode message = event.payload();
		return switch (message.path("type").asString("")) {
			case "response.created" -> List.of(created(message.path("response")));
			case "response.text.delta", "response.output_text.delta", "response.audio_transcript.delta",
					"response.output_audio_transcript.delta" ->
				List.of(delta("response.text.delta", message, message.path("delta").asString("")));
			case "response.audio.delta", "response.output_audio.delta" -> sound(message);
			case "response.done" -> List.of(done(message.path("response")));
			case "error" -> List.of(this.json.createObjectNode()
				.put("type", "error")
				.put("message", Texts.quote(message.path("error").path("message").asString(""), ERROR_LENGTH)));
			default -> List.of();
		};
	}

	private JsonNode created(JsonNode response) {
		ObjectNode created = event("response.created", response.path("id"));
		Optional.of(response.path("metadata").path("event_id").asString(""))
			.filter((id) -> id.matches("\\d{1,18}"))
			.ifPresent((id) -> created.put("in_reply_to", Long.parseLong(id)));
		return created;
	}

	private JsonNode done(JsonNode response) {
		ObjectNode done = event("response.done", response.path("id")).put("status",
				response.path("status").asString("completed"));
		if (response.has("audio_deltas")) {
			done.set("audio_deltas", response.path("audio_deltas"));
		}
		return done;
	}

	private List<JsonNode> sound(JsonNode message) {
		String sound = message.path("delta").asString("");
		List<JsonNode> pieces = new ArrayList<>();
		for (int i = 0; i < sound.length(); i += SOUND) {
			pieces.add(delta("response.audio.delta", message, sound.substring(i, Math.min(i + SOUND, sound.length()))));
		}
		return pieces;
	}

	private JsonNode delta(String type, JsonNode message, String delta) {
		return event(type, message.path("response_id")).put("delta", delta);
	}

	private ObjectNode event(String type, JsonNode id) {
		return this.json.createObjectNode().put("type", type).put("response_id", id.asString(""));
	}

}
