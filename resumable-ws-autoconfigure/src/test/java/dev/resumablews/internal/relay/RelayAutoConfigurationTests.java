package dev.resumablews.internal.relay;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.RealtimeUpstream;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.web.socket.WebSocketExtension;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.client.WebSocketClient;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

class RelayAutoConfigurationTests {

	private static final String KEY = "a key of the upstream";

	@Test
	void withoutARelayNoBeansAreAdded() {
		try (TestServer server = TestServer.start()) {
			assertThat(server.context().getBeanNamesForType(RelayScheduler.class)).isEmpty();
			assertThat(server.context().getBeanNamesForType(RelayAppendExtension.class)).isEmpty();
			try (ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
				.tokens(Tokens.ISSUER)
				.user("ann")
				.connect()) {
				client.sendOnce(
						Map.of("type", "relay.realtime", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
				assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unknown_type");
			}
		}
	}

	@Test
	void theApplicationsWebSocketClientIsUsed() {
		try (RealtimeUpstream upstream = RealtimeUpstream.start(KEY);
				TestServer server = TestServer.builder()
					.with(OwnClient.class)
					.properties("resumable-ws.relay.realtime.uri", upstream.uri().toString(),
							"resumable-ws.relay.realtime.headers.Authorization", "Bearer " + KEY,
							"resumable-ws.relay.realtime.durable-types", "*")
					.start();
				ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
					.tokens(Tokens.ISSUER)
					.user("ann")
					.connect()) {
			client.sendOnce(Map.of("type", "relay.realtime", "payload", Map.of("type", "response.create"),
					"idempotency_key", UUID.randomUUID()));
			client.await(ServerFrame.class,
					(message) -> message.json()
						.path("payload")
						.path("event")
						.path("type")
						.asString("")
						.equals("response.done"));
			assertThat(server.bean(AtomicInteger.class)).hasValue(1);
		}
	}

	@Test
	void aCustomizerOfAnUnknownRelayFailsTheStart() {
		assertThatException()
			.isThrownBy(() -> TestServer.builder()
				.with(RelayTests.Marking.class)
				.properties("resumable-ws.relay.other.uri", "ws://localhost:1")
				.start())
			.withStackTraceContaining("customizes relay 'realtime', which is not configured");
	}

	@Test
	void aHandlerOfTheMessagesOfARelayFailsTheStart() {
		assertThatException()
			.isThrownBy(() -> TestServer.builder()
				.with(Handling.class)
				.properties("resumable-ws.relay.realtime.uri", "ws://localhost:1")
				.start())
			.withStackTraceContaining("Messages of type 'relay.realtime' are forwarded by a relay");
	}

	@Test
	void headersAreNotPartOfThePropertiesAsText() {
		ResumableWsProperties properties = bind(
				Map.of("resumable-ws.relay.realtime.uri", "wss://api.example.com/v1?key=query-secret",
						"resumable-ws.relay.realtime.headers.Authorization", "Bearer header-secret"));
		assertThat(properties.relay().get("realtime").headers()).containsEntry("Authorization", "Bearer header-secret");
		assertThat(properties.toString()).contains("wss://api.example.com/v1")
			.doesNotContain("header-secret", "query-secret");
	}

	@Test
	void anInvalidUriIsRejected() {
		assertThatException()
			.isThrownBy(() -> bind(Map.of("resumable-ws.relay.realtime.uri", "https://api.example.com?key=secret")))
			.withStackTraceContaining("must be a ws:// or wss:// URI, but is 'https://api.example.com'");
		assertThatException().isThrownBy(() -> bind(Map.of("resumable-ws.relay[Not.a.name].uri", "ws://localhost")))
			.withStackTraceContaining("named with lower-case letters");
	}

	private static ResumableWsProperties bind(Map<String, String> properties) {
		return new Binder(new MapConfigurationPropertySource(properties))
			.bind("resumable-ws", ResumableWsProperties.class)
			.get();
	}

	@Configuration(proxyBeanMethods = false)
	static class OwnClient {

		@Bean
		AtomicInteger attempts() {
			return new AtomicInteger();
		}

		@Bean
		WebSocketClient ownClient(AtomicInteger attempts) {
			return new StandardWebSocketClient() {

				@Override
				protected CompletableFuture<WebSocketSession> executeInternal(WebSocketHandler handler,
						HttpHeaders headers, URI uri, List<String> subProtocols, List<WebSocketExtension> extensions,
						Map<String, Object> attributes) {
					attempts.incrementAndGet();
					return super.executeInternal(handler, headers, uri, subProtocols, extensions, attributes);
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Handling {

		@Bean
		ClientMessageHandler handler() {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "relay.realtime";
				}

				@Override
				public void handle(ClientMessage message) {
				}

			};
		}

	}

}
