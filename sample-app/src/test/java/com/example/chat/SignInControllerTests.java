package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.SignedJWT;
import jakarta.servlet.http.Cookie;
import org.junit.jupiter.api.Test;

import org.springframework.http.MediaType;
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
		.standaloneSetup(new SignInController(new UserCookie(SECRET), new DeviceCodes(), new AccessTokens(SECRET),
				this.lifetimes, new DeviceLinks(new NetworkAddresses(null), new ThisMachine("none"))))
		.build();

	@Test
	void everyBrowserGetsAValidToken() throws Exception {
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
	void aBrowserRemainsTheSameUser() throws Exception {
		MockHttpServletResponse first = signIn();
		MockHttpServletResponse second = signIn(cookie(first));

		assertThat(userOf(second)).isEqualTo(userOf(first));
	}

	@Test
	void aForgedCookieIsIgnored() throws Exception {
		MockHttpServletResponse victim = signIn();
		MockHttpServletResponse forger = signIn(new Cookie(UserCookie.NAME, userOf(victim) + ".c2lnbmF0dXJl"));

		assertThat(userOf(forger)).isNotEqualTo(userOf(victim));
	}

	@Test
	void theCookieIsHiddenFromScriptsAndOtherSites() throws Exception {
		Cookie cookie = cookie(signIn());

		assertThat(cookie.isHttpOnly()).isTrue();
		assertThat(cookie.getAttribute("SameSite")).isEqualTo("Strict");
	}

	@Test
	void aBrowserThatJoinsAnotherDeviceBecomesItsUser() throws Exception {
		MockHttpServletResponse here = signIn();

		MockHttpServletResponse there = join(code(here), cookie(signIn()));

		assertThat(there.getStatus()).isEqualTo(204);
		assertThat(userOf(signIn(cookie(there)))).isEqualTo(userOf(here));
	}

	@Test
	void aBrowserThatHasJoinedAnotherDeviceCanGoBack() throws Exception {
		MockHttpServletResponse before = signIn();
		MockHttpServletResponse joined = join(code(signIn()), cookie(before));
		Cookie[] cookies = { cookie(joined), cookie(joined, UserCookie.FORMER_NAME) };
		assertThat(signIn(cookies).getContentAsString()).contains("\"formerUser\":true");

		MockHttpServletResponse back = perform(post("/api/go-back"), cookies);

		assertThat(userOf(signIn(cookie(back)))).isEqualTo(userOf(before));
		assertThat(cookie(back, UserCookie.FORMER_NAME).getMaxAge()).isZero();
	}

	@Test
	void theFirstUserIsKeptWhenABrowserJoinsRepeatedly() throws Exception {
		MockHttpServletResponse before = signIn();
		MockHttpServletResponse once = join(code(signIn()), cookie(before));
		MockHttpServletResponse twice = join(code(signIn()), cookie(once), cookie(once, UserCookie.FORMER_NAME));

		MockHttpServletResponse back = perform(post("/api/go-back"), cookie(twice),
				cookie(twice, UserCookie.FORMER_NAME));

		assertThat(userOf(signIn(cookie(back)))).isEqualTo(userOf(before));
	}

	@Test
	void aCodeIsValidForOneDevice() throws Exception {
		String code = code(signIn());
		assertThat(join(code).getStatus()).isEqualTo(204);

		MockHttpServletResponse second = join(code);

		assertThat(second.getStatus()).isEqualTo(403);
		assertThat(second.getHeaders("Set-Cookie")).isEmpty();
	}

	@Test
	void aCodeInTheQueryOrInAFormIsIgnored() throws Exception {
		MockHttpServletResponse here = signIn();
		String code = code(here);

		assertThat(userOf(perform(post("/api/sign-in").queryParam("code", code)))).isNotEqualTo(userOf(here));
		assertThat(perform(post("/api/join").param("code", code)).getStatus()).isEqualTo(415);
		assertThat(join(code).getStatus()).as("still unused").isEqualTo(204);
	}

	@Test
	void anInvalidCodeIsRejected() throws Exception {
		MockHttpServletResponse response = join("1.2.3", cookie(signIn()));

		assertThat(response.getStatus()).isEqualTo(403);
		assertThat(response.getHeaders("Set-Cookie")).isEmpty();
	}

	@Test
	void aBrowserThatHasNotJoinedCannotGoBack() throws Exception {
		MockHttpServletResponse response = perform(post("/api/go-back"), cookie(signIn()));

		assertThat(response.getStatus()).isEqualTo(409);
		assertThat(response.getHeaders("Set-Cookie")).isEmpty();
	}

	@Test
	void signingOutRemovesTheCookies() throws Exception {
		MockHttpServletResponse response = perform(post("/api/sign-out"), cookie(signIn()));

		assertThat(cookie(response).getMaxAge()).isZero();
		assertThat(cookie(response, UserCookie.FORMER_NAME).getMaxAge()).isZero();
	}

	@Test
	void aCodeRequiresASignedInUser() throws Exception {
		assertThat(perform(post("/api/device-codes")).getStatus()).isEqualTo(401);
	}

	@Test
	void behindAProxyTheLinkHasTheAddressOfThePage() throws Exception {
		MockHttpServletResponse response = perform(post("https://chat.example:8443/api/device-codes"),
				cookie(signIn()));

		JsonNode body = JsonMapper.shared().readTree(response.getContentAsString());
		assertThat(body.path("links")).hasSize(1);
		assertThat(body.at("/links/0/link").stringValue())
			.isEqualTo("https://chat.example:8443/#/join/" + body.path("code").stringValue());
		assertThat(body.at("/links/0/network").booleanValue()).isTrue();
		assertThat(response.getHeader("Cache-Control")).isEqualTo("no-store");
	}

	@Test
	void onlyTheNextTokenIsShortLived() throws Exception {
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

	private MockHttpServletResponse join(String code, Cookie... cookies) throws Exception {
		return perform(post("/api/join").contentType(MediaType.APPLICATION_JSON).content("{\"code\":\"" + code + "\"}"),
				cookies);
	}

	/**
	 * Creates a code for another device.
	 * @param signedIn the response with which the user signed in
	 */
	private String code(MockHttpServletResponse signedIn) throws Exception {
		MockHttpServletResponse response = perform(post("/api/device-codes"), cookie(signedIn));
		return JsonMapper.shared().readTree(response.getContentAsString()).get("code").stringValue();
	}

	private static Cookie cookie(MockHttpServletResponse response) {
		return cookie(response, UserCookie.NAME);
	}

	private static Cookie cookie(MockHttpServletResponse response, String name) {
		Cookie cookie = response.getCookie(name);
		assertThat(cookie).isNotNull();
		return cookie;
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
