package dev.resumablews.internal.security;

import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.CloseCode;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.TestClient;
import dev.resumablews.testing.TestServer;
import jakarta.servlet.http.HttpServletRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests clients whose users are logged in with the form of Spring Security, in an
 * application without configuration for tokens.
 */
@TestInstance(Lifecycle.PER_CLASS)
class SessionLoginTests {

	private TestServer server;

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.security()
			.unset("resumable-ws.auth.jwt.secret")
			.with(Application.class)
			.start();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void theUserOfThePageIsTheUserOfTheWebSocket() {
		try (ResumableWsTestClient client = BrowserLogin.as(this.server, "ada").webSocket().connect()) {
			assertOwnedByAda(client.sessionId());
			client.sendOnce(Map.of("type", "who", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
			assertThat(client.awaitEvent("who").payload().path("user").asString()).isEqualTo("ada ROLE_USER true");
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theUserOfThePageIsTheUserOfTheEvents(boolean polling) {
		BrowserLogin browser = BrowserLogin.as(this.server, "ada");
		try (TestClient client = (polling ? browser.polls() : browser.events()).connect()) {
			assertOwnedByAda(UUID.fromString(client.await("session_init").path("session_id").asString()));
			client.send(Map.of("type", "who", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
			assertThat(client.await("who").path("payload").path("user").asString()).isEqualTo("ada ROLE_USER true");
		}
	}

	private void assertOwnedByAda(UUID session) {
		assertThat(this.server.bean(ResumableSessions.class).find(session))
			.hasValueSatisfying((found) -> assertThat(found.userId()).isEqualTo("ada"));
	}

	@Test
	void aClientWithoutALoginIsRejected() {
		BrowserLogin browser = BrowserLogin.withoutLogin(this.server);
		assertThat(browser.get("/login").statusCode()).isEqualTo(200);
		assertThatExceptionOfType(HandshakeRejectedException.class).isThrownBy(browser.webSocket()::connect)
			.satisfies((refused) -> {
				assertThat(refused.status()).isEqualTo(401);
				assertThat(refused.body()).isEqualTo("Not logged in");
			});
		assertThat(browser.events().connectRefused().status()).isEqualTo(401);
	}

	@Test
	void aPageOfAnotherOriginCannotUseTheCookie() {
		BrowserLogin browser = BrowserLogin.as(this.server, "ada");
		assertThatExceptionOfType(HandshakeRejectedException.class)
			.isThrownBy(browser.webSocketFrom("https://evil.example.com")::connect)
			.returns(403, HandshakeRejectedException::status);
	}

	@Test
	void aLogoutClosesOnlyTheConnectionsOfItsLogin() {
		BrowserLogin browser = BrowserLogin.as(this.server, "ada");
		BrowserLogin other = BrowserLogin.as(this.server, "ada");
		try (ResumableWsTestClient socket = browser.webSocket().connect();
				HttpTestClient events = browser.events().connect();
				ResumableWsTestClient others = other.webSocket().connect()) {
			events.await("session_init");
			browser.logout();
			assertThat(socket.awaitClose().code()).isEqualTo(CloseCode.UNAUTHORIZED.code());
			assertThat(events.awaitClose()).isEqualTo(CloseCode.UNAUTHORIZED.code());
			assertThatExceptionOfType(HandshakeRejectedException.class).isThrownBy(browser.webSocket()::connect)
				.returns(401, HandshakeRejectedException::status);
			others.sendOnce(Map.of("type", "who", "payload", Map.of()));
			others.await("who");
			assertThat(others.isConnected()).isTrue();
		}
	}

	@Test
	void anInvalidatedSessionClosesItsConnections() {
		BrowserLogin browser = BrowserLogin.as(this.server, "ada");
		try (ResumableWsTestClient socket = browser.webSocket().connect()) {
			socket.await("session_init");
			assertThat(browser.get("/invalidate").statusCode()).isEqualTo(200);
			assertThat(socket.awaitClose().code()).isEqualTo(CloseCode.UNAUTHORIZED.code());
		}
	}

	@Test
	void aRememberedUserIsLoggedIn() {
		BrowserLogin browser = BrowserLogin.as(this.server, "ada", "&remember-me=on");
		browser.forget("JSESSIONID");
		try (ResumableWsTestClient socket = browser.webSocket().connect()) {
			socket.await("session_init");
			socket.sendOnce(Map.of("type", "who", "payload", Map.of()));
			assertThat(socket.await("who").json().path("payload").path("user").asString()).startsWith("ada ROLE_USER");
		}
	}

	@RestController
	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		SecurityFilterChain chain(HttpSecurity http) {
			return http.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
				.formLogin(Customizer.withDefaults())
				.rememberMe((rememberMe) -> rememberMe.key("a key"))
				.build();
		}

		@Bean
		UserDetailsService users() {
			return new InMemoryUserDetailsManager(
					User.withUsername("ada").password("{noop}password").roles("USER").build());
		}

		@Bean
		ClientMessageHandler who(ResumableSessions sessions) {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "who";
				}

				@Override
				public void handle(ClientMessage message) {
					String roles = String.join(" ",
							message.user().authorities().stream().filter((each) -> each.startsWith("ROLE_")).toList());
					sessions.publish(message.sessionId(), "who", Map.of("user",
							"%s %s %s".formatted(message.userId(), roles, message.user().principal() != null)));
				}

			};
		}

		@GetMapping("/invalidate")
		String invalidate(HttpServletRequest request) {
			request.getSession().invalidate();
			return "done";
		}

	}

}
