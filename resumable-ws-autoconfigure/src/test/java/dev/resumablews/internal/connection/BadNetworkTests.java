package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.Random;
import java.util.stream.IntStream;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.ChaosProxy;
import dev.resumablews.testing.Gate;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that a user on a network with frequent interruptions receives a complete reply.
 */
class BadNetworkTests {

	private static final int PIECES = 300;

	/**
	 * The number of pieces by which the model may be ahead of the client, so that data is
	 * in transit when a connection is cut.
	 */
	private static final int AHEAD = 8;

	@Test
	void aReplyIsCompleteAlthoughTheConnectionIsCutRepeatedly() {
		long seed = new Random().nextLong();
		List<String> pieces = IntStream.range(0, PIECES)
			.mapToObj((i) -> (i % 7 == 0) ? " ünï😀" + i : " piece-" + i)
			.toList();
		Gate gate = new Gate();
		try (OpenAiStub model = OpenAiStub.start();
				TestServer server = TestServer.builder().model(model).start();
				ChaosProxy proxy = ChaosProxy.to(server.port())) {
			model.answer(OpenAiAnswer.of(pieces).pacedBy(gate));
			proxy.cutRandomly(new Random(seed), 450, 2200);
			try (ResumableWsTestClient client = ResumableWsTestClient.builder(proxy.port())
				.tokens(Tokens.ISSUER)
				.user("alice")
				.timeout(Duration.ofMinutes(2))
				.start()) {
				UUID key = client.say("Tell me a long story");
				String reply = client.awaitReply(key);
				int length = 0;
				for (int i = 0; i < PIECES; i++) {
					gate.release(1);
					length += (i >= AHEAD) ? pieces.get(i - AHEAD).length() : 0;
					int expected = length;
					await().atMost(Duration.ofMinutes(1))
						.pollInterval(Duration.ofMillis(1))
						.until(() -> client.text(reply).length() >= expected);
				}
				gate.open();
				// the complete message is longer than the lifetime of a connection
				proxy.stopCutting();
				String text = client.awaitWholeReply(key);
				System.out.printf("Stream of %d pieces: %d cuts, %d reconnects, seed %d%n", PIECES, proxy.cuts(),
						client.reconnects(), seed);
				assertThat(text).isEqualTo(String.join("", pieces));
				assertThat(client.violations()).isEmpty();
				assertThat(client.resets()).isEmpty();
				assertThat(proxy.cuts()).isGreaterThanOrEqualTo(20);
				assertThat(client.reconnects()).isGreaterThanOrEqualTo(20);
				assertThat(deltas(client.events())).as("received deltas").hasSizeGreaterThan(PIECES / 4);
				assertThat(model.exchanges()).hasSize(1);
			}
		}
	}

	private static List<ServerFrame.Event> deltas(List<ServerFrame.Event> events) {
		return events.stream().filter((event) -> event.type().equals("assistant_delta")).toList();
	}

}
