package dev.resumablews.internal.handshake;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import com.nimbusds.jose.JOSEObjectType;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.HttpResponse;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.context.SecurityContextHolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests clients of an application whose tokens are verified by Spring Boot's resource
 * server, with the keys of an issuer on an HTTP server.
 */
@TestInstance(Lifecycle.PER_CLASS)
@ExtendWith(OutputCaptureExtension.class)
class ResourceServerTests {

	private final TestIssuer issuer = new TestIssuer();

	private TestServer server;

	private String output;

	@BeforeAll
	void start(CapturedOutput output) {
		this.server = TestServer.builder()
			.security()
			.unset("resumable-ws.auth.jwt.secret")
			.properties("spring.security.oauth2.resourceserver.jwt.jwk-set-uri", this.issuer.jwkSetUri(),
					"spring.security.oauth2.resourceserver.jwt.authorities-claim-name", "roles",
					"spring.security.oauth2.resourceserver.jwt.authority-prefix", "ROLE_")
			.with(Application.class)
			.start();
		this.output = output.toString();
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.issuer.close();
	}

	@Test
	void theStartLogsNoWarning() {
		assertThat(this.output.lines().filter((line) -> line.contains(" WARN ")))
			.noneMatch((line) -> line.contains("ecurity") || line.contains(" d.r."));
	}

	@Test
	void theResourceServersDecoderAndConverterDefineTheUser() {
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(this.server.uri())
			.token(token("ADMIN"))
			.connect()) {
			client.await("session_init");
			client.sendOnce(Map.of("type", "who", "payload", Map.of()));
			assertThat(client.await("who").json().path("payload").path("user").asString())
				.isEqualTo("ada JwtAuthenticationToken");
		}
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(this.server.uri())
			.token(token("USER"))
			.connect()) {
			client.await("session_init");
			client.sendOnce(Map.of("type", "who", "payload", Map.of()));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("forbidden");
		}
	}

	@Test
	void httpEndpointsAcceptTheSameTokens() {
		try (HttpTestClient client = HttpTestClient.sse(this.server.uri())
			.header("Authorization", "Bearer " + token("ADMIN"))
			.connect()) {
			client.await("session_init");
			client.send(Map.of("type", "who", "payload", Map.of()));
			client.await("who");
		}
	}

	@Test
	void theEndpointRejectsAnExpiredToken() {
		String expired = TestTokens.signed(
				TestTokens.claims("ada").expirationTime(TestTokens.in(Duration.ofMinutes(-5))), this.issuer.keys,
				"first", JOSEObjectType.JWT);
		assertThatExceptionOfType(HandshakeRejectedException.class)
			.isThrownBy(ResumableWsTestClient.builder(this.server.uri()).token(expired)::connect)
			.satisfies((refused) -> {
				assertThat(refused.status()).isEqualTo(401);
				assertThat(refused.body()).startsWith("Token not accepted");
			});
		assertThat(HttpTestClient.sse(this.server.uri()).header("Authorization", "Bearer " + expired).connectRefused())
			.satisfies((refused) -> {
				assertThat(refused.status()).isEqualTo(401);
				assertThat(refused.body()).startsWith("Token not accepted");
			});
	}

	@Test
	void otherPathsAreProtected() {
		assertThat(HttpResponse.of(this.server.port(), "GET", "/other", Map.of(), null).status()).isEqualTo(401);
	}

	private String token(String role) {
		return TestTokens.signed(TestTokens.claims("ada").claim("roles", List.of(role)), this.issuer.keys, "first",
				JOSEObjectType.JWT);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableMethodSecurity
	static class Application {

		@Bean
		ClientMessageHandler who(ResumableSessions sessions) {
			return new Who(sessions);
		}

	}

	static class Who implements ClientMessageHandler {

		private final ResumableSessions sessions;

		Who(ResumableSessions sessions) {
			this.sessions = sessions;
		}

		@Override
		public String type() {
			return "who";
		}

		@Override
		@PreAuthorize("hasRole('ADMIN')")
		public void handle(ClientMessage message) {
			String type = SecurityContextHolder.getContext().getAuthentication().getClass().getSimpleName();
			this.sessions.publish(message.sessionId(), "who", Map.of("user", message.userId() + " " + type));
		}

	}

}
