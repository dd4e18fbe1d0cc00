package dev.resumablews.benchmarks.wire;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link Stamp}.
 */
class StampTests {

	@ParameterizedTest
	@ValueSource(longs = { 0, 1, 4_294_967_295L, 123_456_789_012_345L, (1L << 60) - 1 })
	void aStampIsParsedToItsTime(long nanos) {
		byte[] text = ("word " + Stamp.of(nanos) + " word").getBytes(StandardCharsets.US_ASCII);
		assertThat(Stamp.of(nanos)).hasSize(Stamp.LENGTH);
		assertThat(Stamp.parse(text, 5)).isEqualTo(nanos);
	}

}
