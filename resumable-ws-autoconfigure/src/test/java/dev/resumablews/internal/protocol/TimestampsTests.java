package dev.resumablews.internal.protocol;

import java.time.Instant;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TimestampsTests {

	private final Timestamps timestamps = new Timestamps();

	@Test
	void timesAreFormattedLikeAnInstant() {
		Random random = new Random(1);
		for (int i = 0; i < 100_000; i++) {
			long second = 1_700_000_000L + random.nextInt(20) * 86_399L;
			int nanos = switch (i % 4) {
				case 0 -> random.nextInt(1_000_000) * 1000;
				case 1 -> random.nextInt(1000) * 1_000_000;
				case 2 -> random.nextInt(1_000_000_000);
				default -> random.nextInt(3) * 1000;
			};
			assertWritten(Instant.ofEpochSecond(second, nanos));
		}
	}

	@Test
	void distantTimesAreFormattedLikeAnInstant() {
		assertWritten(Instant.EPOCH);
		assertWritten(Instant.EPOCH.minusNanos(1000));
		assertWritten(Instant.parse("-0001-01-01T00:00:00.000001Z"));
		assertWritten(Instant.parse("+12345-12-31T23:59:59.999999Z"));
	}

	private void assertWritten(Instant time) {
		StringBuilder text = new StringBuilder("at ");
		this.timestamps.append(text, time);
		assertThat(text).hasToString("at " + time);
	}

}
