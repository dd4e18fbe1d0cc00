package dev.resumablews.internal.handler;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.ResumableSession;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * The code of docs/handlers.md, which these tests run.
 */
final class HandlerSnippets {

	private HandlerSnippets() {
	}

	record Vote(@NotBlank String option) {

	}

	@Component
	static class Votes {

		private final JdbcClient jdbc;

		Votes(JdbcClient jdbc) {
			this.jdbc = jdbc;
		}

		@ClientMessageMapping("vote")
		@Transactional
		void vote(@Valid Vote vote, ResumableSession session, AuthenticatedUser user) {
			this.jdbc.sql("insert into votes values (?, ?)").params(user.userId(), vote.option()).update();
			session.publish("vote_counted", Map.of("option", vote.option()));
		}

		@ClientMessageMapping("withdraw_vote")
		void withdraw(ResumableSession session, AuthenticatedUser user, @Header("idempotencyKey") UUID key) {
			if (this.jdbc.sql("delete from votes where user_id = ?").param(user.userId()).update() == 0) {
				throw new MessageRejectedException("There is no vote to withdraw");
			}
			session.publish("vote_withdrawn", Map.of("request", key));
		}

	}

	@Component
	static class Voting {

		@ClientMessageMapping(value = "voting", ephemeral = true)
		void voting(Vote vote, ResumableSession session) {
			session.sendEphemeralToOthers(vote);
		}

	}

	record UserMessage(@NotBlank String content) {

	}

	@Component
	static class Tickets {

		private final JdbcClient jdbc;

		Tickets(JdbcClient jdbc) {
			this.jdbc = jdbc;
		}

		@ClientMessageMapping("user_message")
		@Transactional
		void open(@Valid UserMessage message, ResumableSession session, AuthenticatedUser user) {
			this.jdbc.sql("insert into tickets values (?, ?)").params(user.userId(), message.content()).update();
			session.publish("ticket_opened", Map.of());
		}

	}

}
