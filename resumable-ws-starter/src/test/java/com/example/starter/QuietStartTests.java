package com.example.starter;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.Comparator;
import java.util.stream.Stream;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the log of an application with only the starter, a database and a key for tokens.
 */
@ExtendWith(OutputCaptureExtension.class)
class QuietStartTests {

	@Test
	void theFirstAndTheSecondStartLogNoWarning(CapturedOutput output) throws Exception {
		try (EmbeddedPostgres postgres = EmbeddedPostgres.start()) {
			String url = postgres.getJdbcUrl("postgres", "postgres");
			if (!ClassUtils.isPresent("liquibase.Scope", getClass().getClassLoader())) {
				createTables(postgres);
			}
			startAndStop(url);
			startAndStop(url);
		}
		assertThat(output.toString().lines().filter((line) -> line.contains("Started QuietStartTests.Application in")))
			.hasSize(2);
		assertThat(output.toString().lines().filter((line) -> line.matches(".* (WARN|ERROR) .*"))).isEmpty();
	}

	private static void startAndStop(String url) {
		SpringApplication application = new SpringApplication(Application.class);
		application.setMainApplicationClass(Application.class);
		application
			.run("--server.port=0", "--spring.datasource.url=" + url,
					"--resumable-ws.auth.jwt.secret=a secret of the tests, longer than 32 bytes")
			.close();
	}

	private static void createTables(EmbeddedPostgres postgres) throws Exception {
		Resource[] files = new PathMatchingResourcePatternResolver()
			.getResources("classpath*:dev/resumablews/schema/???-*.sql");
		try (Connection connection = postgres.getPostgresDatabase().getConnection()) {
			for (Resource file : Stream.of(files).sorted(Comparator.comparing(Resource::getFilename)).toList()) {
				connection.createStatement().execute(file.getContentAsString(StandardCharsets.UTF_8));
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
