package com.example.chat;

import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

import dev.resumablews.testing.RawWebSocketClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.mock.env.MockEnvironment;
import org.springframework.boot.SpringApplication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests that the upstream of the sample behaves like a realtime API, and rejects all
 * clients but the relay.
 */
class UpstreamTests {

	private static final String SECRET = "upstream-" + UUID.randomUUID();

	private static RunningSample sample;

	@BeforeAll
	static void start(@TempDir Path folder) {
		sample = RunningSample.start(folder, "--chat.stand-in.word-interval=2ms", "--chat.upstream.secret=" + SECRET);
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@Test
	void anAnswerConsistsOfPiecesOfTextAndSound() {
		try (RawWebSocketClient client = upstream(sample).connect()) {
			assertThat(client.next().path("type").stringValue()).isEqualTo("session.created");
			for (int count = 1; count <= 2; count++) {
				ask(client, "Is  this {user}\nreal?");
				client.await("conversation.item.created");
				String id = client.await("response.created").path("response").path("id").stringValue();
				JsonNode done = client.await("response.done").path("response");

				assertThat(done.path("id").stringValue()).isEqualTo(id);
				assertThat(done.path("status").stringValue()).isEqualTo("completed");
				assertThat(done.path("metadata").path("event_id").stringValue()).isEqualTo("7");
				assertThat(deltas(client, "response.text.delta", id).stream().collect(Collectors.joining()))
					.startsWith("You said: “Is this {user} real?”")
					.contains("you are user `somebody`", "message number " + count + " on our connection");
				List<String> sound = deltas(client, "response.audio.delta", id);
				assertThat(sound).hasSize(done.path("audio_deltas").intValue())
					.allSatisfy((piece) -> assertThat(Base64.getDecoder().decode(piece)).hasSize(2_400));
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "{", "[]", "{}", "{\"type\":\"session.destroy\"}", "{\"type\":\"response.create\"}",
			"{\"type\":\"conversation.item.create\",\"item\":{\"content\":[]}}" })
	void anInvalidMessageIsAnsweredWithAnError(String message) {
		try (RawWebSocketClient client = upstream(sample).connect()) {
			client.await("session.created");
			client.send(message);

			assertThat(client.next().path("error").path("code").stringValue()).startsWith("invalid_");
			ask(client, "Still there?");
			client.await("response.done");
		}
	}

	@Test
	void aMessageThatIsTooLongClosesTheConnection() {
		try (RawWebSocketClient client = upstream(sample).connect()) {
			client.send(Map.of("type", "x".repeat(200_000)));

			assertThat(client.awaitClose()).isEqualTo(1009);
		}
	}

	@Test
	void browsersAndClientsWithoutTheSecretAreRejected() throws Exception {
		assertThat(upstream(sample).header("Authorization", "Bearer guess").connectRefused().status()).isEqualTo(401);
		assertThat(RawWebSocketClient.to(sample.port(), "/upstream").connectRefused().status()).isEqualTo(401);
		String user = new TestBrowser(sample.port()).signIn();
		assertThat(upstream(sample).header("Authorization", "Bearer " + user).connectRefused().status()).isEqualTo(401);
		for (String origin : List.of("http://localhost:" + sample.port(), "http://evil.example", "null")) {
			assertThat(upstream(sample).header("Origin", origin).connectRefused().status()).as(origin).isEqualTo(403);
		}
		assertThat(upstream(sample).header("X-Forwarded-For", "203.0.113.9").connectRefused().status()).isEqualTo(403);
	}

	@Test
	void otherMachinesInTheNetworkAreRejected(@TempDir Path folder) throws Exception {
		Optional<InetAddress> address = ThisMachineTests.addressInTheNetwork();
		assumeThat(address).isPresent();
		try (RunningSample lan = RunningSample.start(folder, "--spring.profiles.active=lan",
				"--chat.upstream.secret=" + SECRET)) {
			String host = address.get().getHostAddress() + ":" + lan.port();

			assertThat(authorized(RawWebSocketClient.to(URI.create("ws://" + host + "/upstream"))).connectRefused()
				.status()).isEqualTo(403);
			upstream(lan).connect().close();
		}
	}

	@Test
	void theDurationAndTheNumberOfConnectionsAreLimited(@TempDir Path folder) {
		try (RunningSample brief = RunningSample.start(folder, "--chat.stand-in.word-interval=2ms",
				"--chat.upstream.secret=" + SECRET, "--chat.upstream.lifetime=1ms",
				"--chat.upstream.idle-timeout=1s")) {
			try (RawWebSocketClient expired = upstream(brief).connect()) {
				expired.await("session.created");
				ask(expired, "Too late?");
				assertThat(expired.awaitClose()).isEqualTo(1001);
				assertThat(expired.closeReason()).isEqualTo("session_expired");
			}
			try (RawWebSocketClient idle = upstream(brief).connect()) {
				assertThat(idle.awaitClose()).isEqualTo(1001);
			}
		}
		List<RawWebSocketClient> open = new ArrayList<>();
		try {
			for (int i = 0; i < UpstreamHandler.MAX_CONNECTIONS; i++) {
				open.add(upstream(sample).connect());
				open.get(i).await("session.created");
			}
			try (RawWebSocketClient further = upstream(sample).connect()) {
				assertThat(further.awaitClose()).isEqualTo(1013);
			}
		}
		finally {
			open.forEach(RawWebSocketClient::close);
		}
	}

	@Test
	void aSecretIsGeneratedForEachStartUnlessOneIsConfigured() {
		MockEnvironment first = new MockEnvironment();
		MockEnvironment second = new MockEnvironment();
		MockEnvironment configured = new MockEnvironment().withProperty(UpstreamSecret.PROPERTY, "configured");
		for (MockEnvironment environment : List.of(first, second, configured)) {
			new UpstreamSecret().postProcessEnvironment(environment, new SpringApplication());
		}

		assertThat(first.getProperty(UpstreamSecret.PROPERTY)).hasSize(64)
			.isNotEqualTo(second.getProperty(UpstreamSecret.PROPERTY));
		assertThat(configured.getProperty(UpstreamSecret.PROPERTY)).isEqualTo("configured");
	}

	private static RawWebSocketClient.Builder upstream(RunningSample sample) {
		return authorized(RawWebSocketClient.to(sample.port(), "/upstream"));
	}

	private static RawWebSocketClient.Builder authorized(RawWebSocketClient.Builder connection) {
		return connection.header("Authorization", "Bearer " + SECRET).header("X-User-Id", "somebody");
	}

	private static void ask(RawWebSocketClient client, String text) {
		client.send(Map.of("type", "conversation.item.create", "item", Map.of("type", "message", "role", "user",
				"content", List.of(Map.of("type", "input_text", "text", text)))));
		client.send(Map.of("type", "response.create", "response", Map.of("metadata", Map.of("event_id", "7"))));
	}

	private static List<String> deltas(RawWebSocketClient client, String type, String id) {
		return client.messages()
			.stream()
			.filter((message) -> message.path("type").asString("").equals(type))
			.filter((message) -> message.path("response_id").asString("").equals(id))
			.map((message) -> message.path("delta").stringValue())
			.toList();
	}

}
