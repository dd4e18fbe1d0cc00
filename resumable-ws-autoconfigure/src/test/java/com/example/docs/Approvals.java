package com.example.docs;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.ResumableSessions;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

// tag::approval[]
@Component
class Approvals {

	private final JdbcClient jdbc;

	private final ResumableSessions sessions;

	Approvals(JdbcClient jdbc, ResumableSessions sessions) {
		this.jdbc = jdbc;
		this.sessions = sessions;
	}

	@Transactional
	void request(UUID session, String approver, String action) {
		UUID id = UUID.randomUUID();
		this.jdbc.sql("insert into approvals (id, session_id, approver, action) values (?, ?, ?, ?)")
			.params(id, session, approver, action)
			.update();
		this.sessions.publishToUser(approver, "approval_requested", Map.of("id", id, "action", action));
	}

	@ClientMessageMapping("decide")
	@Transactional
	void decide(Decision decision, AuthenticatedUser user) {
		UUID session = this.jdbc.sql("""
				update approvals set approved = ?
				where id = ? and approver = ? and approved is null
				returning session_id
				""")
			.params(decision.approved(), decision.id(), user.userId())
			.query(UUID.class)
			.optional()
			.orElseThrow(() -> new MessageRejectedException("There is no such request to decide"));
		this.sessions.publish(session, "approval_decided", decision);
	}

	record Decision(UUID id, boolean approved) {

	}

}
// end::approval[]
