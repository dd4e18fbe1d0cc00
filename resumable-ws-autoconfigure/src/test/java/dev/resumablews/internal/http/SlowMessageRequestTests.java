package dev.resumablews.internal.http;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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
import static org.awaitility.Awaitility.await;

/**
 * Tests message requests whose handlers are slow or hang.
 */
class SlowMessageRequestTests {

	@Test
	void aSlowHandlerDoesNotDelayTheResponseForLong() {
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
			// a message whose handling has not begun is not handled later
			assertThat(client.post("{\"type\":\"counted\"}").status()).isEqualTo(204);
			assertThat(handlers.counted).isEqualTo(1);
		}
	}

	@Test
	void userMessagesOfARequestAreHandledOneAfterTheOther() {
		try (TestServer server = TestServer.builder()
			.with(Handlers.class)
			.properties("resumable-ws.user.messages-per-second", "0")
			.start();
				HttpTestClient client = HttpTestClient.sse(server.uri())
					.query("token", Tokens.forUser("alice"))
					.connect()) {
			client.await("replay_complete");
			List<String> sent = IntStream.range(0, 20).mapToObj(String::valueOf).toList();
			assertThat(client.post(
					sent.stream().map(SlowMessageRequestTests::userMessage).collect(Collectors.joining(",", "[", "]")))
				.status()).isEqualTo(200);
			Handlers handlers = server.bean(Handlers.class);
			await().until(() -> handlers.handledContents.size() == sent.size());
			assertThat(handlers.handledContents).isEqualTo(sent);
			assertThat(handlers.overlapped).isFalse();
		}
	}

	private static String userMessage(String content) {
		return "{\"type\":\"user_message\",\"content\":\"%s\",\"idempotency_key\":\"%s\"}".formatted(content,
				UUID.randomUUID());
	}

	@Configuration(proxyBeanMethods = false)
	static class Handlers {

		private final List<String> handledContents = new CopyOnWriteArrayList<>();

		private final AtomicInteger running = new AtomicInteger();

		private volatile boolean overlapped;

		@Bean
		ClientMessageHandler listener() {
			return new Handler("user_message", (message) -> {
				this.overlapped |= this.running.incrementAndGet() > 1;
				// long enough to overlap with the next handler, if it ran concurrently
				LockSupport.parkNanos(20_000_000);
				this.handledContents.add(message.payload().path("content").asString());
				this.running.decrementAndGet();
			});
		}

		private final CountDownLatch gate = new CountDownLatch(1);

		private volatile int counted;

		@Bean
		ClientMessageHandler stuck() {
			return new Handler("stuck", (message) -> {
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
			return new Handler("counted", (message) -> this.counted++);
		}

		private record Handler(String type, Consumer<ClientMessage> task) implements ClientMessageHandler {

			@Override
			public void handle(ClientMessage message) {
				this.task.accept(message);
			}

		}

	}

}
