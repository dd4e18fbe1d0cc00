package dev.resumablews.benchmarks.load;

import java.nio.charset.StandardCharsets;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link Dialect} for both protocols.
 */
class DialectTests {

	private final Random random = new Random(1);

	private final Dialect json = Dialect.of("json");

	private final Dialect socketIo = Dialect.of("socketio");

	@Test
	void theIdsWithWhichAClientResumesAreRead() {
		assertThat(this.json.sessionId(line("session_init\",\"session_id\":\"be9c-1\",\"resumed\":true}")))
			.isEqualTo("be9c-1");
		assertThat(this.json.eventId(line("note\",\"event_id\":42,\"payload\":{\"text\":\"~1\"}}"))).isEqualTo("42");
		assertThat(this.socketIo.sessionId(line("session_init40{\"sid\":\"a-_1\",\"pid\":\"b-_2\"}")))
			.isEqualTo("b-_2");
		assertThat(this.socketIo.eventId(line("note\",{\"text\":\"~1\"},\"Pxy-_z\"]"))).isEqualTo("Pxy-_z");
	}

	@Test
	void theBackOffOfThisLibrarysClientGrowsByAQuarter() {
		for (int i = 0; i < 1000; i++) {
			assertThat(this.json.backOff(0, this.random)).isBetween(500L, 1000L);
			assertThat(this.json.backOff(4, this.random)).isBetween(500L, 2441L);
			assertThat(this.json.backOff(50, this.random)).isBetween(500L, 30_000L);
		}
	}

	@Test
	void theBackOffOfSocketIosClientDoubles() {
		for (int i = 0; i < 1000; i++) {
			assertThat(this.socketIo.backOff(0, this.random)).isBetween(500L, 1500L);
			assertThat(this.socketIo.backOff(1, this.random)).isBetween(1000L, 3000L);
			assertThat(this.socketIo.backOff(50, this.random)).isEqualTo(5000);
		}
	}

	private static Line line(String text) {
		byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
		return new Line().at(bytes, 0, bytes.length);
	}

}
