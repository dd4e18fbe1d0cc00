package dev.resumablews.internal.handshake;

import java.util.List;

import dev.resumablews.internal.security.SpringSecurityAutoConfiguration;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.security.autoconfigure.SecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the endpoint in an application that Spring Security protects.
 */
class SpringSecurityTests {

	@Test
	void theEndpointVerifiesItsTokensAndOtherPathsAreProtected() {
		try (HandshakeServer server = start()) {
			assertThat(server.connect("token=" + TestTokens.of("ada")).body()).startsWith("ada ");
			assertThat(server.connect("").body()).isEqualTo("Token missing");
			assertThat(server.send("GET", "/ws", List.of()).status()).isEqualTo(400);
			assertThat(get(server, "/other")).isEqualTo(401);
			assertThat(get(server, "/ws/other")).isEqualTo(401);
			assertThat(get(server, "/ws/sse")).isEqualTo(200);
			assertThat(get(server, "/ws/messages")).isEqualTo(200);
			assertThat(get(server, "/ws/sse/other")).isEqualTo(401);
			assertThat(get(server, "/ws2")).isEqualTo(401);
			assertThat(get(server, "/ws/../other")).isIn(400, 401);
			assertThat(get(server, "/")).isEqualTo(401);
			assertThat(server.context().getBeansOfType(SecurityFilterChain.class)).hasSize(1);
		}
	}

	@Test
	void customPath() {
		try (HandshakeServer server = start("resumable-ws.path=/live/chat", "spring.mvc.servlet.path=/app",
				"server.servlet.context-path=/context")) {
			assertThat(
					server.send("GET", "/context/app/live/chat?token=" + TestTokens.of("ada"), HandshakeServer.UPGRADE)
						.status())
				.isEqualTo(101);
			assertThat(get(server, "/context/app/other")).isEqualTo(401);
			assertThat(get(server, "/context/app/ws")).isEqualTo(401);
			assertThat(get(server, "/context/live/chat")).isEqualTo(401);
		}
	}

	@Test
	void anApplicationCanProtectTheEndpointItself() {
		try (HandshakeServer server = start("resumable-ws.auth.permit-with-spring-security=false")) {
			assertThat(server.connect("token=" + TestTokens.of("ada")).status()).isEqualTo(401);
			assertThat(server.connect("").body()).isNotEqualTo("Token missing");
			assertThat(get(server, "/other")).isEqualTo(401);
		}
	}

	@Test
	void withoutAnEndpointThePathIsProtectedLikeAnyOther() {
		try (HandshakeServer server = HandshakeServer.start(List.of(Security.class),
				"resumable-ws.auth.jwt.secret=" + TestTokens.SECRET)) {
			assertThat(server.connect("token=" + TestTokens.of("ada")).status()).isEqualTo(401);
			assertThat(server.connect("").body()).isNotEqualTo("Token missing");
		}
	}

	private static int get(HandshakeServer server, String target) {
		return server.send("GET", target, List.of()).status();
	}

	private static HandshakeServer start(String... properties) {
		String[] all = new String[properties.length + 1];
		System.arraycopy(properties, 0, all, 0, properties.length);
		all[properties.length] = "resumable-ws.auth.jwt.secret=" + TestTokens.SECRET;
		return HandshakeServer.start(List.of(Security.class, Endpoint.class, OtherEndpoints.class), all);
	}

	@Configuration(proxyBeanMethods = false)
	static class Endpoint {

		/**
		 * Replaces the library's endpoint, which the server of these tests does not have.
		 */
		@Bean
		Object resumableWsHandlerMapping() {
			return new Object();
		}

	}

	/**
	 * Replaces the library's HTTP endpoints.
	 */
	@RestController
	static class OtherEndpoints {

		@GetMapping({ "/ws/sse", "/ws/messages" })
		String reached() {
			return "reached";
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SecurityAutoConfiguration.class, ServletWebSecurityAutoConfiguration.class,
			SecurityFilterAutoConfiguration.class, UserDetailsServiceAutoConfiguration.class,
			SpringSecurityAutoConfiguration.class })
	static class Security {

	}

}
