package dev.resumablews.internal.operations;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.TokenPlacement;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.liquibase.autoconfigure.LiquibaseAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestContextManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests two test classes of an application whose contexts Spring caches. Each context is
 * paused while the other one is used.
 */
class CachedContextTests {

	@Test
	void aCachedContextServesClientsAfterItIsRestarted() throws Exception {
		ApplicationContext first = run(FirstOfApplication.class);
		ApplicationContext second = run(SecondOfApplication.class);
		assertThat(second).isNotSameAs(first);
		// the test framework has paused this context
		HandshakeRejectedException refused = catchThrowableOfType(HandshakeRejectedException.class,
				builder(first)::connect);
		assertThat(refused.status()).isEqualTo(503);
		assertThat(run(FirstOfApplication.class)).isSameAs(first);
		assertThat(run(SecondOfApplication.class)).isSameAs(second);
	}

	private static ApplicationContext run(Class<?> testClass) throws Exception {
		TestContextManager tests = new TestContextManager(testClass);
		tests.beforeTestClass();
		ApplicationContext context = tests.getTestContext().getApplicationContext();
		assertServes(context);
		tests.afterTestClass();
		return context;
	}

	private static void assertServes(ApplicationContext context) {
		try (ResumableWsTestClient client = builder(context).connect()) {
			UUID session = client.sessionId();
			context.getBean(ResumableSessions.class).publish(session, "tick", Map.of());
			client.await("tick");
		}
	}

	private static ResumableWsTestClientBuilder builder(ApplicationContext context) {
		int port = context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
		return ResumableWsTestClient.builder(port)
			.tokens(Tokens.ISSUER)
			.user("alice")
			.tokenPlacement(TokenPlacement.QUERY);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = { LiquibaseAutoConfiguration.class, FlywayAutoConfiguration.class },
			excludeName = { "org.springframework.boot.security.autoconfigure.SecurityAutoConfiguration",
					"org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration",
					"org.springframework.boot.security.autoconfigure.actuate.web.servlet.ManagementWebSecurityAutoConfiguration",
					"org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration",
					"org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration",
					"org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration",
					"org.springframework.boot.jetty.autoconfigure.actuate.web.server.JettyServletManagementContextAutoConfiguration" })
	static class Application {

		private static final String URL = TestPostgres.createDatabase();

		static void properties(DynamicPropertyRegistry registry) {
			registry.add("spring.datasource.url", () -> URL);
			registry.add("resumable-ws.auth.jwt.secret", () -> Tokens.SECRET);
			registry.add("resumable-ws.auth.token-sources", () -> "query");
			registry.add("spring.ai.model.chat", () -> "none");
			for (String kind : new String[] { "embedding", "image", "audio.speech", "audio.transcription",
					"moderation" }) {
				registry.add("spring.ai.model." + kind, () -> "none");
			}
		}

	}

	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.RANDOM_PORT)
	static class FirstOfApplication {

		@DynamicPropertySource
		static void properties(DynamicPropertyRegistry registry) {
			Application.properties(registry);
		}

	}

	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.RANDOM_PORT,
			properties = "resumable-ws.log.writers=1")
	static class SecondOfApplication {

		@DynamicPropertySource
		static void properties(DynamicPropertyRegistry registry) {
			Application.properties(registry);
		}

	}

}
