package dev.resumablews.internal.handler;

import java.util.Map;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;

class HandlerSnippetsTests {

	@Test
	void theSnippetsWorkAsDocumented() {
		try (TestServer server = TestServer.builder().with(Snippets.class).start()) {
			JdbcClient jdbc = server.bean(JdbcClient.class);
			jdbc.sql(
					"create table votes (user_id text, choice text); create table tickets (user_id text, content text)")
				.update();
			try (ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
				.tokens(Tokens.ISSUER)
				.user("ada")
				.connect()) {
				assertThat(client.awaitError(client.send("withdraw_vote", Map.of())).message())
					.isEqualTo("There is no vote to withdraw");
				assertThat(client.awaitError(client.send("vote", Map.of("option", " "))).message())
					.isEqualTo("payload.option: must not be blank");
				client.send("vote", Map.of("option", "tea"));
				client.awaitEvent("vote_counted");
				client.send("withdraw_vote", Map.of());
				client.awaitEvent("vote_withdrawn");
				client.say("Help");
				client.awaitEvent("ticket_opened");
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	@Import({ HandlerSnippets.Votes.class, HandlerSnippets.Tickets.class })
	static class Snippets {

	}

}
