package com.example.docs;

import org.springframework.ai.tool.annotation.Tool;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

// tag::tools[]
@Component
class OrderTools {

	private final JdbcClient jdbc;

	OrderTools(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	@Tool(description = "Returns whether an order was shipped")
	boolean shipped(long order) {
		return this.jdbc.sql("select shipped from orders where id = ?").param(order).query(Boolean.class).single();
	}

}
// end::tools[]
