package dev.resumablews.faults;

import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a failure of {@link FuzzTests} is reproducible.
 */
class FuzzInputTests {

	@Test
	void theSameSeedGeneratesTheSameInput() {
		for (int seed = 0; seed < 500; seed++) {
			assertThat(frames(seed)).isEqualTo(frames(seed));
			assertThat(handshake(seed)).isEqualTo(handshake(seed));
		}
		assertThat(frames(1)).isNotEqualTo(frames(2));
		assertThat(handshake(1)).isNotEqualTo(handshake(2));
	}

	private static byte[] frames(long seed) {
		return new RandomFrames(new Random(seed), "a session").bytes();
	}

	private static byte[] handshake(long seed) {
		return RandomHandshake.of(new Random(seed), "fuzz", 8080, "a session").bytes();
	}

}
