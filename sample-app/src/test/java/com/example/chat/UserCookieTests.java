package com.example.chat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class UserCookieTests {

	private static final UUID USER = UUID.fromString("7b0f2c9e-0000-4000-8000-000000000001");

	private static final UUID ANOTHER_USER = UUID.fromString("7b0f2c9e-0000-4000-8000-000000000002");

	private static final String SECRET = "a secret of at least thirty-two bytes";

	private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

	private final UserCookie cookies = at(Duration.ZERO);

	@Test
	void aCookieIdentifiesItsUser() {
		assertThat(this.cookies.userOf(this.cookies.valueFor(USER))).contains(USER);
	}

	@Test
	void aSignatureIsInvalidForAnotherUser() {
		String[] parts = this.cookies.valueFor(USER).split("\\.");

		assertThat(this.cookies.userOf(ANOTHER_USER + "." + parts[1] + "." + parts[2])).isEmpty();
	}

	@Test
	void anExpiredCookieIsRejected() {
		String value = this.cookies.valueFor(USER);

		assertThat(at(UserCookie.LIFETIME.minusSeconds(1)).userOf(value)).contains(USER);
		assertThat(at(UserCookie.LIFETIME).userOf(value)).isEmpty();
	}

	@Test
	void theExpiryOfACookieCannotBeForged() {
		String[] parts = this.cookies.valueFor(USER).split("\\.");
		long later = Long.parseLong(parts[1]) + 60;

		assertThat(this.cookies.userOf(parts[0] + "." + later + "." + parts[2])).isEmpty();
	}

	@Test
	void aCookieSignedWithAnotherSecretIsRejected() {
		String forged = new UserCookie("another secret of thirty-two bytes or more").valueFor(USER);

		assertThat(this.cookies.userOf(forged)).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", ".", "7b0f2c9e-0000-4000-8000-000000000001", "7b0f2c9e-0000-4000-8000-000000000001.",
			"someone.signature", "7b0f2c9e-0000-4000-8000-000000000001.99999999999.c2lnbmF0dXJl" })
	void aMalformedCookieIsRejected(String value) {
		assertThat(this.cookies.userOf(value)).isEmpty();
	}

	@Test
	void aTokenIsNotAcceptedAsACookie() {
		String token = new AccessTokens(SECRET).issue(USER.toString(), Duration.ofMinutes(1));

		assertThat(this.cookies.userOf(token)).isEmpty();
	}

	private static UserCookie at(Duration later) {
		return new UserCookie(SECRET, Clock.fixed(NOW.plus(later), ZoneOffset.UTC));
	}

}
