package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.SignedJWT;
import jakarta.servlet.http.Cookie;
import org.junit.jupiter.api.Test;

import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;

class SignInControllerTests {

	private static final String SECRET = "a secret of at least thirty-two bytes";

	private final MockMvc mvc = MockMvcBuilders.standaloneSetup(new SignInController(SECRET)).build();

	@Test
	void everybodyGetsATokenThatTheServerVerifies() throws Exception {
		MockHttpServletResponse response = signIn();

		SignedJWT token = token(response);
		assertThat(token.verify(new MACVerifier(SECRET.getBytes(StandardCharsets.UTF_8)))).isTrue();
		assertThat(token.getJWTClaimsSet().getExpirationTime().toInstant()).isBetween(Instant.now(),
				Instant.now().plus(Duration.ofMinutes(10)));
		assertThat(response.getHeader("Cache-Control")).isEqualTo("no-store");
	}

	@Test
	void twoBrowsersAreTwoUsers() throws Exception {
		assertThat(userOf(signIn())).isNotEqualTo(userOf(signIn()));
	}

	@Test
	void theSameBrowserStaysTheSameUser() throws Exception {
		MockHttpServletResponse first = signIn();
		MockHttpServletResponse second = signIn(cookie(first));

		assertThat(userOf(second)).isEqualTo(userOf(first));
	}

	@Test
	void aForgedCookieMakesANewUser() throws Exception {
		MockHttpServletResponse victim = signIn();
		MockHttpServletResponse forger = signIn(new Cookie(SignInController.COOKIE, userOf(victim) + ".c2lnbmF0dXJl"));

		assertThat(userOf(forger)).isNotEqualTo(userOf(victim));
	}

	@Test
	void scriptsAndOtherSitesDoNotSeeTheCookie() throws Exception {
		Cookie cookie = cookie(signIn());

		assertThat(cookie.isHttpOnly()).isTrue();
		assertThat(cookie.getAttribute("SameSite")).isEqualTo("Strict");
	}

	private MockHttpServletResponse signIn(Cookie... cookies) throws Exception {
		MockHttpServletRequestBuilder request = post("/api/sign-in");
		if (cookies.length > 0) {
			request.cookie(cookies);
		}
		return this.mvc.perform(request).andReturn().getResponse();
	}

	private static Cookie cookie(MockHttpServletResponse response) {
		Cookie cookie = response.getCookie(SignInController.COOKIE);
		assertThat(cookie).isNotNull();
		return cookie;
	}

	private static String userOf(MockHttpServletResponse response) throws Exception {
		return token(response).getJWTClaimsSet().getSubject();
	}

	private static SignedJWT token(MockHttpServletResponse response) throws Exception {
		JsonNode body = JsonMapper.shared().readTree(response.getContentAsString());
		return SignedJWT.parse(body.get("token").stringValue());
	}

}
