package com.example.chat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests that the embedded Postgres is stopped if the application fails.
 */
class LocalPostgresStartTests {

	private static final List<Boolean> answers = new CopyOnWriteArrayList<>();

	@TempDir
	Path folder;

	@Test
	void theServerIsStoppedAfterThePoolWhenARunnerFails() throws Exception {
		answers.clear();
		assertThatIllegalStateException()
			.isThrownBy(() -> new SpringApplicationBuilder(FailingRunner.class).web(WebApplicationType.NONE)
				.run("--chat.data-dir=" + this.folder))
			.withMessage("expected");
		assertThat(answers).as("whether Postgres was running when the pool was closed").containsExactly(true);
		assertStopped();
	}

	@Test
	void theServerIsStoppedWhenTheContextFails() {
		assertThatException()
			.isThrownBy(() -> new SpringApplicationBuilder(FailingContext.class).web(WebApplicationType.NONE)
				.run("--chat.data-dir=" + this.folder))
			.withStackTraceContaining("expected");
		assertStopped();
	}

	private void assertStopped() {
		assertThat(this.folder.resolve("postgres")).isNotEmptyDirectory();
		assertThat(this.folder.resolve("postgres/postmaster.pid")).doesNotExist();
	}

	@Configuration(proxyBeanMethods = false)
	@Import(LocalPostgresConfiguration.class)
	static class FailingRunner {

		@Bean
		DisposableBean pool(JdbcConnectionDetails details) {
			return () -> {
				try (Connection connection = DriverManager.getConnection(details.getJdbcUrl(), details.getUsername(),
						details.getPassword())) {
					answers.add(connection.isValid(5));
				}
				catch (Exception ex) {
					answers.add(false);
				}
			};
		}

		@Bean
		ApplicationRunner failing() {
			return (arguments) -> {
				throw new IllegalStateException("expected");
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingContext {

		FailingContext() {
			throw new IllegalStateException("expected");
		}

	}

}
