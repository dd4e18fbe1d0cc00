package dev.resumablews.internal.security;

import java.net.URI;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.HttpResponse;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests clients with tokens in applications with different filter chains. The endpoint
 * and the scripts are public, other paths are not, and the start logs no warning.
 */
@ExtendWith(OutputCaptureExtension.class)
class FilterChainTests {

	@Test
	void bootsDefaultChain(CapturedOutput output) {
		try (TestServer server = start(Controller.class)) {
			assertThatTheEndpointIsOpen(server, output);
			assertThat(get(server, "/api/data")).isEqualTo(401);
			assertThat(get(server, "/other")).isEqualTo(401);
			assertThat(get(server, "/ws/other")).isEqualTo(401);
			assertThat(get(server, "/resumable-ws/other.js")).isEqualTo(401);
			assertThat(post(server, "/other")).isIn(401, 403);
			assertThat(get(server, "/actuator/env")).isEqualTo(401);
			assertThat(server.context().getBeansOfType(SecurityFilterChain.class)).hasSize(1);
		}
	}

	@Test
	void aChainWithoutRules(CapturedOutput output) {
		try (TestServer server = start(WithoutRules.class)) {
			assertThatTheEndpointIsOpen(server, output);
			assertThat(get(server, "/other")).isEqualTo(200);
			assertThat(post(server, "/other")).isEqualTo(403);
		}
	}

	@Test
	void aChainThatDeniesAll(CapturedOutput output) {
		try (TestServer server = start(DeniesAll.class)) {
			assertThatTheEndpointIsOpen(server, output);
			assertThat(get(server, "/other")).isEqualTo(403);
			assertThat(get(server, "/ws/other")).isEqualTo(403);
		}
	}

	@Test
	void aChainForOtherPaths(CapturedOutput output) {
		try (TestServer server = start(ForApi.class)) {
			assertThatTheEndpointIsOpen(server, output);
			assertThat(get(server, "/api/data")).isEqualTo(401);
			assertThat(get(server, "/other")).isEqualTo(200);
		}
	}

	@Test
	void severalChains(CapturedOutput output) {
		try (TestServer server = start(Several.class)) {
			assertThatTheEndpointIsOpen(server, output);
			// the error page is protected by the chain of the pages
			assertThat(get(server, "/api/data")).isIn(302, 401);
			assertThat(get(server, "/other")).isEqualTo(302);
		}
	}

	@Test
	void aChainWithoutSessions(CapturedOutput output) {
		try (TestServer server = start(Stateless.class)) {
			assertThatTheEndpointIsOpen(server, output);
			assertThat(get(server, "/other")).isEqualTo(401);
		}
	}

	@Test
	void theApplicationCanProtectTheEndpointItself() {
		try (TestServer server = builder(Controller.class)
			.properties("resumable-ws.auth.permit-with-spring-security", "false")
			.start()) {
			assertThatExceptionOfType(HandshakeRejectedException.class)
				.isThrownBy(ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user("ada")::connect)
				.returns(401, HandshakeRejectedException::status);
			assertThat(get(server, "/resumable-ws/client.js")).isEqualTo(401);
		}
	}

	@Test
	void customPath(CapturedOutput output) {
		try (TestServer server = builder(Controller.class)
			.properties("resumable-ws.path", "/live", "spring.mvc.servlet.path", "/app", "server.servlet.context-path",
					"/context", "resumable-ws.client.path", "/js/live.js")
			.start()) {
			try (ResumableWsTestClient client = ResumableWsTestClient
				.builder(URI.create("ws://localhost:" + server.port() + "/context/app/live"))
				.tokens(Tokens.ISSUER)
				.user("ada")
				.connect()) {
				client.await("session_init");
			}
			assertThat(get(server, "/context/app/js/live.js")).isEqualTo(200);
			assertThat(get(server, "/context/app/ws")).isEqualTo(401);
			assertThat(get(server, "/context/live")).isEqualTo(401);
			assertThatSecurityLogsNoWarning(output);
		}
	}

	private static void assertThatTheEndpointIsOpen(TestServer server, CapturedOutput output) {
		assertThatSecurityLogsNoWarning(output);
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("ada")
			.connect()) {
			client.await("session_init");
		}
		try (HttpTestClient client = HttpTestClient.sse(server.uri())
			.header("Authorization", "Bearer " + Tokens.forUser("ada"))
			.connect()) {
			client.await("session_init");
			client.send(Map.of("type", "unheard-of", "idempotency_key", UUID.randomUUID()));
			assertThat(client.await("error").path("code").asString()).isEqualTo("unknown_type");
		}
		assertThatExceptionOfType(HandshakeRejectedException.class)
			.isThrownBy(ResumableWsTestClient.builder(server.uri())::connect)
			.satisfies((refused) -> {
				assertThat(refused.status()).isEqualTo(401);
				assertThat(refused.body()).isEqualTo("Token missing");
			});
		assertThat(get(server, "/resumable-ws/client.js")).isEqualTo(200);
		assertThat(get(server, "/resumable-ws/http.js")).isEqualTo(200);
	}

	private static void assertThatSecurityLogsNoWarning(CapturedOutput output) {
		assertThat(output.toString().lines().filter((line) -> line.contains(" WARN ")))
			.noneMatch((line) -> line.contains("ecurity") || line.contains(" d.r."));
	}

	private static int get(TestServer server, String path) {
		return HttpResponse.of(server.port(), "GET", path, Map.of(), null).status();
	}

	private static int post(TestServer server, String path) {
		return HttpResponse.of(server.port(), "POST", path, Map.of(), "").status();
	}

	private static TestServer start(Class<?> application) {
		return builder(application).start();
	}

	private static TestServer.Builder builder(Class<?> application) {
		return TestServer.builder()
			.security()
			.properties("spring.security.user.password", "password")
			.with(Controller.class)
			.with(application);
	}

	@RestController
	static class Controller {

		@GetMapping({ "/other", "/api/data", "/ws/other", "/resumable-ws/other.js" })
		String get() {
			return "reached";
		}

		@PostMapping("/other")
		String post() {
			return "reached";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WithoutRules {

		@Bean
		SecurityFilterChain chain(HttpSecurity http) {
			return http.formLogin(Customizer.withDefaults()).build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class DeniesAll {

		@Bean
		SecurityFilterChain chain(HttpSecurity http) {
			return http.authorizeHttpRequests((requests) -> requests.anyRequest().denyAll()).build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ForApi {

		@Bean
		SecurityFilterChain chain(HttpSecurity http) {
			return http.securityMatcher("/api/**")
				.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Several {

		@Bean
		@Order(1)
		SecurityFilterChain api(HttpSecurity http) {
			return http.securityMatcher("/api/**")
				.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

		@Bean
		@Order(2)
		SecurityFilterChain pages(HttpSecurity http) {
			return http.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
				.formLogin(Customizer.withDefaults())
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Stateless {

		@Bean
		SecurityFilterChain chain(HttpSecurity http) {
			return http.sessionManagement((sessions) -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
				.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
				.httpBasic(Customizer.withDefaults())
				.csrf((csrf) -> csrf.disable())
				.build();
		}

	}

}
