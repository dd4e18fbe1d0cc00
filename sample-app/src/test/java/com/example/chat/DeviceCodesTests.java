package com.example.chat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.UUID;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class DeviceCodesTests {

	private static final UUID USER = UUID.fromString("7b0f2c9e-0000-4000-8000-000000000001");

	private final TestClock clock = new TestClock();

	private final DeviceCodes codes = new DeviceCodes(this.clock);

	@Test
	void aCodeIsRedeemedOnce() {
		String code = this.codes.codeFor(USER);

		assertThat(this.codes.redeem(code)).contains(USER);
		assertThat(this.codes.redeem(code)).isEmpty();
	}

	@Test
	void aCodeExpires() {
		String code = this.codes.codeFor(USER);
		this.clock.now = this.clock.now.plus(DeviceCodes.LIFETIME);
		assertThat(this.codes.redeem(code)).isEmpty();

		String next = this.codes.codeFor(USER);
		this.clock.now = this.clock.now.plus(Duration.ofMinutes(4));
		assertThat(this.codes.redeem(next)).contains(USER);
	}

	@Test
	void aNewCodeReplacesThePreviousOne() {
		String old = this.codes.codeFor(USER);
		UUID anotherUser = UUID.randomUUID();
		String another = this.codes.codeFor(anotherUser);

		String code = this.codes.codeFor(USER);

		assertThat(code).isNotEqualTo(old);
		assertThat(this.codes.redeem(old)).isEmpty();
		assertThat(this.codes.redeem(code)).contains(USER);
		assertThat(this.codes.redeem(another)).contains(anotherUser);
	}

	@Test
	void aCodeCannotBeGuessed() {
		// 128 bits
		assertThat(this.codes.codeFor(USER)).hasSize(22).doesNotContain(USER.toString());
	}

	@ParameterizedTest
	@ValueSource(strings = { "", ".", "a.b.c", "7b0f2c9e-0000-4000-8000-000000000001" })
	void anUnknownCodeIsRejected(String code) {
		this.codes.codeFor(USER);

		assertThat(this.codes.redeem(code)).isEmpty();
	}

	private static final class TestClock extends Clock {

		private Instant now = Instant.parse("2026-03-01T12:00:00Z");

		@Override
		public Instant instant() {
			return this.now;
		}

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			return this;
		}

	}

}
