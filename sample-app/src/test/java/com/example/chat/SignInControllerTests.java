package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

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

	private final TokenLifetimes lifetimes = new TokenLifetimes(Duration.ofMinutes(10));

	private final MockMvc mvc = MockMvcBuilders
		.standaloneSetup(new SignInController(new UserCookie(SECRET), new DeviceCodes(SECRET), new AccessTokens(SECRET),
				this.lifetimes))
		.build();

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
		MockHttpServletResponse forger = signIn(new Cookie(UserCookie.NAME, userOf(victim) + ".c2lnbmF0dXJl"));

		assertThat(userOf(forger)).isNotEqualTo(userOf(victim));
	}

	@Test
	void scriptsAndOtherSitesDoNotSeeTheCookie() throws Exception {
		Cookie cookie = cookie(signIn());

		assertThat(cookie.isHttpOnly()).isTrue();
		assertThat(cookie.getAttribute("SameSite")).isEqualTo("Strict");
	}

	@Test
	void whoOpensTheLinkOfAnotherDeviceIsItsUser() throws Exception {
		MockHttpServletResponse here = signIn();
		String code = codeFrom(perform(post("/api/device-codes"), cookie(here)));

		MockHttpServletResponse there = perform(post("/api/sign-in").param("code", code), cookie(signIn()));

		assertThat(userOf(there)).isEqualTo(userOf(here));
		assertThat(userOf(signIn(cookie(there)))).isEqualTo(userOf(here));
	}

	@Test
	void aWrongCodeSignsNobodyIn() throws Exception {
		MockHttpServletResponse response = perform(post("/api/sign-in").param("code", "1.2.3"));

		assertThat(response.getStatus()).isEqualTo(403);
		assertThat(response.getCookie(UserCookie.NAME)).isNull();
	}

	@Test
	void nobodyGetsACodeWithoutBeingSomebody() throws Exception {
		assertThat(perform(post("/api/device-codes")).getStatus()).isEqualTo(401);
	}

	@Test
	void onlyTheNextTokenIsShort() throws Exception {
		MockHttpServletResponse first = signIn();
		this.lifetimes.shortenNext(UUID.fromString(userOf(first)));

		assertThat(expiry(signIn())).isAfter(Instant.now().plusSeconds(60));
		assertThat(expiry(signIn(cookie(first)))).isBefore(Instant.now().plusSeconds(5));
		assertThat(expiry(signIn(cookie(first)))).isAfter(Instant.now().plusSeconds(60));
	}

	private MockHttpServletResponse signIn(Cookie... cookies) throws Exception {
		return perform(post("/api/sign-in"), cookies);
	}

	private MockHttpServletResponse perform(MockHttpServletRequestBuilder request, Cookie... cookies) throws Exception {
		if (cookies.length > 0) {
			request.cookie(cookies);
		}
		return this.mvc.perform(request).andReturn().getResponse();
	}

	private static Cookie cookie(MockHttpServletResponse response) {
		Cookie cookie = response.getCookie(UserCookie.NAME);
		assertThat(cookie).isNotNull();
		return cookie;
	}

	private static String codeFrom(MockHttpServletResponse response) throws Exception {
		return JsonMapper.shared().readTree(response.getContentAsString()).get("code").stringValue();
	}

	private static Instant expiry(MockHttpServletResponse response) throws Exception {
		return token(response).getJWTClaimsSet().getExpirationTime().toInstant();
	}

	private static String userOf(MockHttpServletResponse response) throws Exception {
		return token(response).getJWTClaimsSet().getSubject();
	}

	private static SignedJWT token(MockHttpServletResponse response) throws Exception {
		JsonNode body = JsonMapper.shared().readTree(response.getContentAsString());
		return SignedJWT.parse(body.get("token").stringValue());
	}

}
