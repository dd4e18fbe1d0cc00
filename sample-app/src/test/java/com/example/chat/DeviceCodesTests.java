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

class DeviceCodesTests {

	private static final String SECRET = "a secret of at least thirty-two bytes";

	private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

	private static final UUID USER = UUID.fromString("7b0f2c9e-0000-4000-8000-000000000001");

	private final DeviceCodes codes = at(Duration.ZERO);

	@Test
	void aCodeNamesItsUserForSomeMinutes() {
		String code = this.codes.codeFor(USER);

		assertThat(this.codes.userOf(code)).contains(USER);
		assertThat(at(Duration.ofMinutes(4)).userOf(code)).contains(USER);
		assertThat(at(DeviceCodes.LIFETIME).userOf(code)).isEmpty();
	}

	@Test
	void aCodeCannotBeMadeToLastLonger() {
		String[] parts = this.codes.codeFor(USER).split("\\.");
		long later = Long.parseLong(parts[1]) + 60;

		assertThat(this.codes.userOf(parts[0] + "." + later + "." + parts[2])).isEmpty();
	}

	@Test
	void aCodeMadeWithAnotherSecretIsNotTaken() {
		assertThat(this.codes.userOf(new DeviceCodes("another secret of thirty-two bytes or more").codeFor(USER)))
			.isEmpty();
	}

	@Test
	void aCookieIsNoCode() {
		assertThat(this.codes.userOf(new UserCookie(SECRET).valueFor(USER))).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", ".", "..", "a.b.c", "7b0f2c9e-0000-4000-8000-000000000001.99999999999." })
	void whatIsNoCodeOfOursIsNotTaken(String code) {
		assertThat(this.codes.userOf(code)).isEmpty();
	}

	private static DeviceCodes at(Duration later) {
		return new DeviceCodes(SECRET, Clock.fixed(NOW.plus(later), ZoneOffset.UTC));
	}

}
