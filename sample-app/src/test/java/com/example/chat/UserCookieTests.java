package com.example.chat;

import java.time.Duration;
import java.util.UUID;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class UserCookieTests {

	private static final UUID USER = UUID.fromString("7b0f2c9e-0000-4000-8000-000000000001");

	private static final UUID ANOTHER_USER = UUID.fromString("7b0f2c9e-0000-4000-8000-000000000002");

	private final UserCookie cookies = new UserCookie("a secret of at least thirty-two bytes");

	@Test
	void aCookieNamesItsUser() {
		assertThat(this.cookies.userOf(this.cookies.valueFor(USER))).contains(USER);
	}

	@Test
	void aSignatureIsNotGoodForAnotherUser() {
		String signature = this.cookies.valueFor(USER).split("\\.")[1];

		assertThat(this.cookies.userOf(ANOTHER_USER + "." + signature)).isEmpty();
	}

	@Test
	void aCookieMadeWithAnotherSecretIsNotTaken() {
		String forged = new UserCookie("another secret of thirty-two bytes or more").valueFor(USER);

		assertThat(this.cookies.userOf(forged)).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", ".", "7b0f2c9e-0000-4000-8000-000000000001", "7b0f2c9e-0000-4000-8000-000000000001.",
			"nobody.signature" })
	void whatIsNoCookieOfOursIsNotTaken(String value) {
		assertThat(this.cookies.userOf(value)).isEmpty();
	}

	@Test
	void aCodeForAnotherDeviceIsNoCookie() {
		String code = new DeviceCodes("a secret of at least thirty-two bytes").codeFor(USER);

		assertThat(this.cookies.userOf(code)).isEmpty();
	}

	@Test
	void aTokenForTheWebSocketIsNoCookie() {
		String secret = "a secret of at least thirty-two bytes";
		String token = new AccessTokens(secret).issue(USER.toString(), Duration.ofMinutes(1));

		assertThat(this.cookies.userOf(token)).isEmpty();
	}

}
