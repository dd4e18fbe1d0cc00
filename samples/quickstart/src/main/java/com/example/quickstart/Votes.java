package com.example.quickstart;

import java.util.Map;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSessions;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
class Votes {

	private final JdbcClient jdbc;

	private final ResumableSessions sessions;

	Votes(JdbcClient jdbc, ResumableSessions sessions) {
		this.jdbc = jdbc;
		this.sessions = sessions;
	}

	@ClientMessageMapping("vote")
	@Transactional
	void vote(Vote vote, AuthenticatedUser user) {
		long votes = this.jdbc.sql("""
				insert into drinks values (?, 1)
				on conflict (drink) do update set votes = drinks.votes + 1 returning votes
				""").param(vote.drink()).query(Long.class).single();
		this.sessions.publishToUser(user.userId(), "vote_counted", Map.of("drink", vote.drink(), "votes", votes));
	}

	record Vote(String drink) {

	}

}
