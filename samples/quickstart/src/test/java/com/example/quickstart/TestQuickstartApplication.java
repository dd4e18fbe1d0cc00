package com.example.quickstart;

import org.springframework.boot.SpringApplication;

/**
 * Starts the application with its own Postgres: {@code mvn spring-boot:test-run}.
 */
public final class TestQuickstartApplication {

	private TestQuickstartApplication() {
	}

	public static void main(String[] args) {
		SpringApplication.from(QuickstartApplication::main).with(EmbeddedPostgresConfiguration.class).run(args);
	}

}
