package com.example.chat;

import java.net.URI;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

import dev.resumablews.RelayEvent;
import dev.resumablews.RelayHandshake;
import dev.resumablews.RelayMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.http.HttpHeaders;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the translation between the page's messages and those of realtime APIs.
 */
class RealtimeRelayTests {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final UUID SESSION = UUID.randomUUID();

	private final RealtimeRelay relay = new RealtimeRelay(JSON);

	@Test
	void theUpstreamReceivesTheUserId() {
		URI uri = URI.create("wss://realtime.example/v1?model=a");
		RelayHandshake handshake = new RelayHandshake("realtime", SESSION, "ada", uri, new HttpHeaders());

		this.relay.prepare(handshake);

		assertThat(handshake.headers().getFirst("X-User-Id")).isEqualTo("ada");
		assertThat(handshake.uri()).isEqualTo(uri);
	}

	@Test
	void aMessageBecomesAnItemAndARequestForAResponseThatNamesIt() {
		List<JsonNode> sent = this.relay.toUpstream(new RelayMessage("realtime", SESSION, "ada", 12, UUID.randomUUID(),
				JSON.readTree("{\"text\":\"Hello\"}"), false));

		assertThat(sent).containsExactly(JSON.readTree("""
				{"type":"conversation.item.create","item":{"type":"message","role":"user",
				"content":[{"type":"input_text","text":"Hello"}]}}"""), JSON.readTree("""
				{"type":"response.create","response":{"metadata":{"event_id":"12"}}}"""));
	}

	@ParameterizedTest
	@ValueSource(strings = { "response.text.delta", "response.output_text.delta", "response.audio_transcript.delta",
			"response.output_audio_transcript.delta" })
	void textHasOneTypeForAllVersions(String type) {
		assertThat(fromUpstream(
				"{\"type\":\"%s\",\"response_id\":\"r\",\"item_id\":\"i\",\"delta\":\"Hi\"}".formatted(type)))
			.containsExactly(
					JSON.readTree("{\"type\":\"response.text.delta\",\"response_id\":\"r\",\"delta\":\"Hi\"}"));
	}

	@ParameterizedTest
	@CsvSource({ "response.audio.delta, 4", "response.output_audio.delta, 6000", "response.audio.delta, 6004",
			"response.output_audio.delta, 20000" })
	void soundIsSplitToFitIntoASignal(String type, int length) {
		String sound = "Abc+".repeat(length / 4);

		List<JsonNode> pieces = fromUpstream(
				"{\"type\":\"%s\",\"response_id\":\"r\",\"delta\":\"%s\"}".formatted(type, sound));

		assertThat(pieces).hasSize((length + 5_999) / 6_000).allSatisfy((piece) -> {
			assertThat(piece.path("type").stringValue()).isEqualTo("response.audio.delta");
			assertThat(piece.path("delta").stringValue()).hasSizeLessThanOrEqualTo(6_000);
		});
		assertThat(pieces.stream().map((piece) -> piece.path("delta").stringValue()).collect(Collectors.joining()))
			.isEqualTo(sound);
	}

	@Test
	void aResponseNamesItsMessageAndHowItEnded() {
		assertThat(fromUpstream("""
				{"type":"response.created","response":{"id":"r","metadata":{"event_id":"12"}}}"""))
			.containsExactly(JSON.readTree("{\"type\":\"response.created\",\"response_id\":\"r\",\"in_reply_to\":12}"));
		assertThat(fromUpstream("{\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"metadata\":null}}"))
			.containsExactly(JSON.readTree("{\"type\":\"response.created\",\"response_id\":\"r\"}"));
		assertThat(fromUpstream("""
				{"type":"response.done","response":{"id":"r","status":"incomplete","output":[{}]}}""")).containsExactly(
				JSON.readTree("{\"type\":\"response.done\",\"response_id\":\"r\",\"status\":\"incomplete\"}"));
	}

	@Test
	void anErrorIsTruncatedAndUnusedMessagesAreDropped() {
		assertThat(fromUpstream(
				"{\"type\":\"error\",\"error\":{\"code\":\"c\",\"message\":\"%s\"}}".formatted("x".repeat(999))))
			.containsExactly(JSON.readTree("{\"type\":\"error\",\"message\":\"%s…\"}".formatted("x".repeat(300))));
		assertThat(
				fromUpstream("{\"type\":\"error\",\"error\":{\"message\":\"%s\"}}".formatted("x".repeat(299) + "😀😀")))
			.containsExactly(JSON.readTree("{\"type\":\"error\",\"message\":\"%s😀…\"}".formatted("x".repeat(299))));
		assertThat(fromUpstream("{\"type\":\"session.created\",\"session\":{}}")).isEmpty();
		assertThat(fromUpstream("{\"type\":\"rate_limits.updated\"}")).isEmpty();
		assertThat(fromUpstream("{}")).isEmpty();
	}

	/**
	 * Translates a message of the upstream, and parses the result as a client does.
	 */
	private List<JsonNode> fromUpstream(String message) {
		return this.relay.fromUpstream(new RelayEvent("realtime", SESSION, "ada", JSON.readTree(message)))
			.stream()
			.map((event) -> JSON.readTree(event.toString()))
			.toList();
	}

}
