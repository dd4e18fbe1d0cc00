package dev.resumablews.internal.connection;

import java.util.concurrent.CountDownLatch;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.testing.HttpResponse;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A request with messages whose handler does not come to an end.
 */
class SlowMessageRequestTests {

	@Test
	void aHandlerThatTakesTooLongDoesNotKeepTheAnswer() {
		try (TestServer server = TestServer.builder().with(Handlers.class).start();
				HttpTestClient client = HttpTestClient.sse(server.uri())
					.query("token", Tokens.forUser("alice"))
					.connect()) {
			client.await("replay_complete");
			HttpResponse response = client
				.post("[{\"type\":\"ping\"},{\"type\":\"stuck\"},{\"type\":\"ping\"},{\"type\":\"counted\"}]");
			assertThat(response.status()).isEqualTo(200);
			JsonNode answers = JsonMapper.shared().readTree(response.body());
			assertThat(answers).extracting((answer) -> answer.path("type").asString(""))
				.containsExactly("pong", "error", "error", "error");
			assertThat(answers.get(1).path("code").asString("")).isEqualTo("unavailable");
			Handlers handlers = server.bean(Handlers.class);
			handlers.gate.countDown();
			// what was not begun is not handled later
			assertThat(client.post("{\"type\":\"counted\"}").status()).isEqualTo(204);
			assertThat(handlers.counted).isEqualTo(1);
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Handlers {

		private final CountDownLatch gate = new CountDownLatch(1);

		private volatile int counted;

		@Bean
		ClientMessageHandler stuck() {
			return new Handler("stuck", () -> {
				try {
					this.gate.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			});
		}

		@Bean
		@SuppressWarnings("NonAtomicOperationOnVolatileField")
		ClientMessageHandler counted() {
			return new Handler("counted", () -> this.counted++);
		}

		private record Handler(String type, Runnable task) implements ClientMessageHandler {

			@Override
			public void handle(ClientMessage message) {
				this.task.run();
			}

		}

	}

}
