package dev.resumablews.internal.security;

import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.context.SecurityContextHolder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests {@link SecurityContextInterceptor} in an application with handlers that require
 * an authority.
 */
@TestInstance(Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
class MethodSecurityTests {

	private TestServer server;

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.with(Application.class)
			// a single thread for the handlers of a user, and concurrent messages of two
			// users
			.properties("resumable-ws.user.max-handlers", "1")
			.start();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void aUserWithTheAuthorityCanSendTheMessage() {
		try (ResumableWsTestClient client = connect("ada", "close")) {
			assertThat(answer(client, send(client, "close-poll")).path("type").asString()).isEqualTo("ack");
			JsonNode event = client.await("closed").json().path("payload");
			assertThat(event.path("by").asString()).isEqualTo("ada");
			assertThat(event.path("authorities").asString()).isEqualTo("[SCOPE_close]");
		}
	}

	@Test
	void aUserWithoutTheAuthorityReceivesAnError(CapturedOutput output) {
		try (ResumableWsTestClient client = connect("bob", "read")) {
			JsonNode answer = answer(client, send(client, "close-poll"));
			assertThat(answer.path("type").asString()).isEqualTo("error");
			assertThat(answer.path("code").asString()).isEqualTo("forbidden");
			client.sendOnce(Map.of("type", "wave", "payload", Map.of(), "ephemeral", true));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("forbidden");
			assertThat(client.isConnected()).isTrue();
		}
		assertThat(output).doesNotContain("AccessDenied").doesNotContain("AuthorizationDenied");
	}

	@Test
	void aMessageIsNeverHandledAsAnotherUser() {
		try (ResumableWsTestClient ada = connect("ada", "close"); ResumableWsTestClient bob = connect("bob", "read")) {
			for (int i = 0; i < 20; i++) {
				String allowed = send(ada, "close-poll");
				String refused = send(bob, "close-poll");
				assertThat(answer(ada, allowed).path("type").asString()).isEqualTo("ack");
				assertThat(answer(bob, refused).path("code").asString()).isEqualTo("forbidden");
			}
		}
	}

	@Test
	void aHandlerWithoutRulesHasTheUserToo() {
		try (ResumableWsTestClient client = connect("ada", "read")) {
			send(client, "who");
			assertThat(client.await("who").json().path("payload").path("user").asString()).isEqualTo("ada acme");
		}
	}

	private static String send(ResumableWsTestClient client, String type) {
		String key = UUID.randomUUID().toString();
		client.sendOnce(Map.of("type", type, "payload", Map.of(), "idempotency_key", key));
		return key;
	}

	private static JsonNode answer(ResumableWsTestClient client, String key) {
		return client
			.await(ServerFrame.class, (message) -> message.json().path("idempotency_key").asString("").equals(key))
			.json();
	}

	private ResumableWsTestClient connect(String user, String scope) {
		ResumableWsTestClient client = ResumableWsTestClient.builder(this.server.uri())
			.token(Tokens.with(user, (claims) -> claims.putAll(Map.of("scope", scope, "tenant", "acme"))))
			.connect();
		client.await("session_init");
		return client;
	}

	@Configuration(proxyBeanMethods = false)
	@EnableMethodSecurity
	static class Application {

		@Bean
		ClientMessageHandler closing(ResumableSessions sessions) {
			return new Closing(sessions);
		}

		@Bean
		EphemeralMessageHandler waving() {
			return new Waving();
		}

		@Bean
		ClientMessageHandler who(ResumableSessions sessions) {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "who";
				}

				@Override
				public void handle(ClientMessage message) {
					String name = SecurityContextHolder.getContext().getAuthentication().getName();
					sessions.publish(message.sessionId(), "who",
							Map.of("user", name + " " + message.user().claims().get("tenant")));
				}

			};
		}

	}

	static class Closing implements ClientMessageHandler {

		private final ResumableSessions sessions;

		Closing(ResumableSessions sessions) {
			this.sessions = sessions;
		}

		@Override
		public String type() {
			return "close-poll";
		}

		@Override
		@PreAuthorize("hasAuthority('SCOPE_close') and principal.claims()['tenant'] == 'acme'")
		public void handle(ClientMessage message) {
			this.sessions.publish(message.sessionId(), "closed",
					Map.of("by", SecurityContextHolder.getContext().getAuthentication().getName(), "authorities",
							List.copyOf(message.user().authorities()).toString()));
		}

	}

	static class Waving implements EphemeralMessageHandler {

		@Override
		public String type() {
			return "wave";
		}

		@Override
		@PreAuthorize("hasAuthority('SCOPE_wave')")
		public void handle(ClientMessage message) {
		}

	}

}
