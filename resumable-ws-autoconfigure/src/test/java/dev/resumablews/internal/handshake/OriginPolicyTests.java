package dev.resumablews.internal.handshake;

import java.util.List;

import org.junit.jupiter.api.Test;

import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.mock.web.MockHttpServletRequest;

import static org.assertj.core.api.Assertions.assertThat;

class OriginPolicyTests {

	@Test
	void aWildcardOriginCannotUseCookies() {
		assertThat(new OriginPolicy(List.of("*")).cors().getAllowCredentials()).isFalse();
		assertThat(new OriginPolicy(List.of("self", "https://*:8443")).cors().getAllowCredentials()).isFalse();
		assertThat(new OriginPolicy(List.of("https://*.example.com")).cors().getAllowCredentials()).isTrue();
	}

	@Test
	void withoutAListPagesOfTheSameOriginAreAllowed() {
		OriginPolicy policy = new OriginPolicy(List.of());
		assertThat(policy.allows(request("chat.example.com", "http://chat.example.com"))).isTrue();
		assertThat(policy.allows(request("chat.example.com", "http://evil.example"))).isFalse();
		assertThat(policy.allows(request("chat.example.com", null))).isTrue();
	}

	@Test
	void onlyListedOriginsAreAllowed() {
		OriginPolicy policy = new OriginPolicy(List.of("https://app.example.com"));
		assertThat(policy.allows(request("chat.example.com", "https://app.example.com"))).isTrue();
		assertThat(policy.allows(request("chat.example.com", "http://chat.example.com"))).isFalse();
		// DNS rebinding: the attacker's name resolves to the server's address
		assertThat(policy.allows(request("evil.example", "http://evil.example"))).isFalse();
		assertThat(policy.allows(request("evil.example", "self"))).isFalse();
	}

	@Test
	void aListCanContainTheServersOwnOrigin() {
		OriginPolicy policy = new OriginPolicy(List.of("https://app.example.com", "self"));
		assertThat(policy.allows(request("chat.example.com", "https://app.example.com"))).isTrue();
		assertThat(policy.allows(request("chat.example.com", "http://chat.example.com"))).isTrue();
		assertThat(policy.allows(request("chat.example.com", "http://evil.example"))).isFalse();
		assertThat(policy.allows(request("chat.example.com", "self"))).isFalse();
		assertThat(new OriginPolicy(List.of("self")).allows(request("a.example", "http://a.example"))).isTrue();
	}

	@Test
	void anInvalidReferrerIsRejected() {
		MockHttpServletRequest request = new MockHttpServletRequest("GET", "/ws/sse");
		request.addHeader("Cookie", "resumable-ws-token=t");
		request.addHeader("Referer", "http://[:::::]/page.html");
		assertThat(new OriginPolicy(List.of()).allowsOverHttp(new ServletServerHttpRequest(request))).isFalse();
	}

	@Test
	void theExplanationNamesBothOriginsAndTheProperty() {
		assertThat(new OriginPolicy(List.of("https://app.example.com", "self"))
			.explain(request("chat.example.com", "https://evil.example"))).contains("its origin https://evil.example",
					"the server's own origin (http://chat.example.com)",
					"resumable-ws.allowed-origins (https://app.example.com)");
		assertThat(new OriginPolicy(List.of("https://app.example.com"))
			.explain(request("chat.example.com", "https://evil.example"))).doesNotContain("own origin", "proxy")
			.endsWith("add its origin to resumable-ws.allowed-origins");
	}

	@Test
	void theExplanationBehindAProxyNamesTheMissingSetting() {
		OriginPolicy policy = new OriginPolicy(List.of());
		// nginx forwards the name of its upstream
		assertThat(policy.explain(request("localhost", "https://chat.example.com"))).contains(
				"its origin https://chat.example.com", "the server's own origin (http://localhost)",
				"let the proxy send X-Forwarded-Proto and X-Forwarded-Host",
				"server.forward-headers-strategy=framework");
		ServletServerHttpRequest forwarded = request("localhost", "https://chat.example.com");
		forwarded.getHeaders().add("X-Forwarded-Proto", "https");
		assertThat(policy.explain(forwarded)).contains("The request has proxy headers (X-Forwarded-Proto)",
				"server.forward-headers-strategy=framework");
	}

	@Test
	void theExplanationCannotForgeLogLines() {
		assertThat(
				new OriginPolicy(List.of()).explain(request("localhost", "x\r\nERROR \u001b[31m" + "y".repeat(1000))))
			.doesNotContain("\n", "\r", "\u001b")
			.hasSizeLessThan(900);
	}

	private static ServletServerHttpRequest request(String host, String origin) {
		MockHttpServletRequest request = new MockHttpServletRequest("GET", "/ws");
		request.setServerName(host);
		if (origin != null) {
			request.addHeader("Origin", origin);
		}
		return new ServletServerHttpRequest(request);
	}

}
