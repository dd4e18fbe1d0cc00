package dev.resumablews.internal.handler;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;

class HandlerSnippetsTests {

	@Test
	void theyDoWhatTheDocumentsSay() {
		try (TestServer server = TestServer.builder().with(Snippets.class).start()) {
			JdbcClient jdbc = server.bean(JdbcClient.class);
			jdbc.sql(
					"create table votes (user_id text, choice text); create table tickets (user_id text, content text)")
				.update();
			try (WsTestClient client = WsTestClient.to(server.uri()).query("token", Tokens.forUser("ada")).connect()) {
				client.await("replay_complete");
				client.send(message("withdraw_vote", Map.of()));
				assertThat(client.await("error").path("message").asString()).isEqualTo("There is no vote to withdraw");
				client.send(message("vote", Map.of("option", " ")));
				assertThat(client.await("error").path("message").asString())
					.isEqualTo("payload.option: must not be blank");
				client.send(message("vote", Map.of("option", "tea")));
				client.await("vote_counted");
				client.send(message("withdraw_vote", Map.of()));
				client.await("vote_withdrawn");
				client.send(Map.of("type", "user_message", "content", "Help", "idempotency_key", UUID.randomUUID()));
				client.await("ticket_opened");
			}
		}
	}

	private static Map<String, ?> message(String type, Map<String, ?> payload) {
		return Map.of("type", type, "payload", payload, "idempotency_key", UUID.randomUUID());
	}

	@Configuration(proxyBeanMethods = false)
	@Import({ HandlerSnippets.Votes.class, HandlerSnippets.Tickets.class })
	static class Snippets {

	}

}
