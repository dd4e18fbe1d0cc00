package com.example.docs;

import java.util.Map;

import dev.resumablews.ResumableSessions;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

// tag::notify[]
@Service
class Invoices {

	private final JdbcClient jdbc;

	private final ResumableSessions sessions;

	Invoices(JdbcClient jdbc, ResumableSessions sessions) {
		this.jdbc = jdbc;
		this.sessions = sessions;
	}

	@Transactional
	void paid(long invoice) {
		String customer = this.jdbc.sql("update invoices set paid = true where id = ? returning customer")
			.param(invoice)
			.query(String.class)
			.single();
		this.sessions.publishToUser(customer, "invoice_paid", Map.of("invoice", invoice));
	}

}
// end::notify[]
