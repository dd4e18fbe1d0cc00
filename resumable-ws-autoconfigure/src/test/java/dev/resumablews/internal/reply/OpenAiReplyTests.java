package dev.resumablews.internal.reply;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.publish.TestLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.model.openai.autoconfigure.OpenAiChatAutoConfiguration;
import org.springframework.ai.model.tool.autoconfigure.ToolCallingAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Replies of Spring AI's OpenAI model, from a real HTTP server.
 */
class OpenAiReplyTests {

	private static final String END = "end";

	private final TestLog log = new TestLog(TestLog.createDatabase());

	private final UUID session = this.log.newSession("ada");

	private final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();

	private final Queue<JsonNode> requests = new ConcurrentLinkedQueue<>();

	private final Queue<String> headers = new ConcurrentLinkedQueue<>();

	private final CountDownLatch abandoned = new CountDownLatch(1);

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private HttpServer server;

	private volatile int status = 200;

	@BeforeEach
	void start() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.setExecutor(this.threads);
		this.server.createContext("/v1/chat/completions", this::answer);
		this.server.start();
	}

	@AfterEach
	void stop() {
		this.server.stop(0);
		this.threads.shutdownNow();
		this.log.close();
	}

	@Test
	void theModelsAnswerIsStreamedAndKeptWithReasonAndUsage() {
		run((replies) -> {
			replies.submit(this.session, "ada", "Hi", UUID.randomUUID()).join();
			this.pieces.add("Hel");
			awaitEvent("assistant_delta");
			this.pieces.addAll(List.of("lo", END));
			awaitEvent("assistant_message");
			JsonNode message = payload("assistant_message");
			assertThat(message.path("content").asString()).isEqualTo("Hello");
			assertThat(message.path("finish_reason").asString()).isEqualTo("stop");
			assertThat(message.path("usage").path("total_tokens").asLong()).isEqualTo(7);
			assertThat(this.requests.element().path("messages").toString()).contains("Be brief.").contains("Hi");
			assertThat(this.headers).isNotEmpty().noneMatch((name) -> name.toLowerCase().contains("resumable"));
			assertThat(this.headers).contains("X-mine");
		});
	}

	@Test
	void cancellingClosesTheStreamOfTheModel() {
		run((replies) -> {
			replies.submit(this.session, "ada", "Hi", UUID.randomUUID()).join();
			this.pieces.add("Hel");
			awaitEvent("assistant_delta");
			assertThat(replies.cancel(this.session, "ada", null)).isTrue();
			awaitEvent("assistant_message");
			await().until(() -> {
				this.pieces.add("x".repeat(100));
				return this.abandoned.getCount() == 0;
			});
			assertThat(payload("assistant_message").path("content").asString()).isEqualTo("Hel");
		});
	}

	@Test
	void cancellingBeforeTheFirstPieceClosesTheStreamToo() {
		run((replies) -> {
			replies.submit(this.session, "ada", "Hi", UUID.randomUUID()).join();
			await().until(() -> !this.requests.isEmpty());
			assertThat(replies.cancel(this.session, "ada", null)).isTrue();
			await().until(() -> {
				this.pieces.add("x".repeat(100));
				return this.abandoned.getCount() == 0;
			});
		});
	}

	@Test
	void aRefusalIsToldWithoutInternals() {
		this.status = 401;
		run((replies) -> {
			replies.submit(this.session, "ada", "Hi", UUID.randomUUID()).join();
			awaitEvent("assistant_failed");
			JsonNode failed = payload("assistant_failed");
			assertThat(failed.path("code").asString()).isEqualTo("provider_error");
			assertThat(failed.path("message").asString()).isEqualTo("The model could not answer.");
		});
	}

	private void run(java.util.function.Consumer<Replies> test) {
		String url = "http://127.0.0.1:" + this.server.getAddress().getPort() + "/v1";
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class, ReplyAutoConfiguration.class,
					ChatClientAutoConfiguration.class, ToolCallingAutoConfiguration.class,
					OpenAiChatAutoConfiguration.class))
			.withBean(EventLog.class, this.log::log)
			.withBean(JdbcReplyQueue.class, this.log::leases)
			.withPropertyValues("spring.ai.openai.api-key=key", "spring.ai.openai.base-url=" + url,
					"spring.ai.openai.chat.custom-headers.X-Mine=yes", "resumable-ws.reply.system-prompt=Be brief.")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				test.accept(context.getBean(Replies.class));
			});
	}

	private void answer(HttpExchange exchange) throws IOException {
		this.requests.add(JsonMapper.shared().readTree(exchange.getRequestBody()));
		this.headers.addAll(exchange.getRequestHeaders().keySet());
		if (this.status != 200) {
			byte[] error = "{\"error\":{\"message\":\"Incorrect API key\"}}".getBytes(StandardCharsets.UTF_8);
			exchange.getResponseHeaders().add("Content-Type", "application/json");
			exchange.sendResponseHeaders(this.status, error.length);
			exchange.getResponseBody().write(error);
			exchange.close();
			return;
		}
		exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
		exchange.sendResponseHeaders(200, 0);
		try (OutputStream body = exchange.getResponseBody()) {
			for (String piece = next(); !piece.equals(END); piece = next()) {
				write(body, "[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]".formatted(piece), "null");
			}
			write(body, "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]", "null");
			write(body, "[]", "{\"prompt_tokens\":4,\"completion_tokens\":3,\"total_tokens\":7}");
			body.write("data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8));
		}
		catch (IOException ex) {
			this.abandoned.countDown();
		}
	}

	private String next() {
		try {
			String piece = this.pieces.poll(1, TimeUnit.MINUTES);
			return (piece != null) ? piece : END;
		}
		catch (InterruptedException ex) {
			return END;
		}
	}

	private static void write(OutputStream body, String choices, String usage) throws IOException {
		String chunk = "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":"
				+ choices + ",\"usage\":" + usage + "}";
		body.write(("data: " + chunk + "\n\n").getBytes(StandardCharsets.UTF_8));
		body.flush();
	}

	private void awaitEvent(String type) {
		await().until(() -> events().stream().anyMatch((event) -> event.type().equals(type)));
	}

	private JsonNode payload(String type) {
		return events().stream()
			.filter((event) -> event.type().equals(type))
			.map((event) -> JsonMapper.shared().readTree(event.payload()))
			.findFirst()
			.orElseThrow();
	}

	private List<SessionEvent> events() {
		return this.log.log().read(this.session, 0, 1000);
	}

}
