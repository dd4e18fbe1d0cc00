package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.Gate;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.RestartablePostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests a restart of Postgres during a reply.
 */
class PostgresRestartedTests {

	@Test
	void theReplyContinuesAndIsComplete() throws Exception {
		List<String> pieces = IntStream.range(0, 200).mapToObj((i) -> " piece-" + i).toList();
		Gate gate = new Gate();
		try (RestartablePostgres postgres = RestartablePostgres.start();
				OpenAiStub model = OpenAiStub.start();
				TestServer server = TestServer.builder()
					.database(postgres.url())
					.model(model)
					.properties("spring.datasource.hikari.connection-timeout", "2000")
					.start()) {
			model.answer(OpenAiAnswer.of(pieces).pacedBy(gate));
			try (ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
				.tokens(Tokens.ISSUER)
				.user("alice")
				.timeout(Duration.ofMinutes(2))
				.start()) {
				String reply = client.awaitReply(client.say("Hello"));
				gate.release(50);
				await().atMost(Duration.ofMinutes(1)).until(() -> client.text(reply).endsWith("piece-49"));
				postgres.restart();
				gate.release(50);
				await().atMost(Duration.ofMinutes(1)).until(() -> client.text(reply).endsWith("piece-99"));
				postgres.crash();
				gate.open();
				client.awaitReplyEnd(reply);
				assertThat(client.text(reply)).isEqualTo(String.join("", pieces));
				assertThat(client.violations()).isEmpty();
				assertThat(model.exchanges()).hasSize(1);
			}
		}
	}

}
