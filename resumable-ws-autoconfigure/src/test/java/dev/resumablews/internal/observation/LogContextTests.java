package dev.resumablews.internal.observation;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.logging.logback.StructuredLogEncoder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the session and connection ids in the logging context.
 */
class LogContextTests {

	private static final org.slf4j.Logger application = LoggerFactory.getLogger("com.example.Chat");

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static TestServer server;

	private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

	@BeforeAll
	static void start() {
		server = TestServer.builder().with(Application.class).start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@BeforeEach
	void capture() {
		context().getLogger(application.getName()).setLevel(Level.INFO);
		this.lines.setContext(context());
		this.lines.start();
		root().addAppender(this.lines);
	}

	@AfterEach
	void release() {
		root().detachAppender(this.lines);
		context().getLogger(application.getName()).setLevel(null);
		MDC.clear();
	}

	@Test
	void logLinesOfHandlersHaveTheSessionAndTheConnection() {
		try (ResumableWsTestClient ada = connect(); ResumableWsTestClient bob = connect()) {
			String adas = session(ada).toString();
			String bobs = session(bob).toString();
			for (int i = 0; i < 20; i++) {
				ada.sendOnce("{\"type\":\"note\",\"payload\":{\"of\":\"" + adas + "\"}}");
				bob.sendOnce("{\"type\":\"note\",\"payload\":{\"of\":\"" + bobs + "\"}}");
				ada.sendOnce("{\"type\":\"typing\",\"ephemeral\":true,\"payload\":{\"of\":\"" + adas + "\"}}");
			}
			await().atMost(PATIENCE).until(() -> application().size() >= 40);
			assertThat(application()).allSatisfy((line) -> {
				assertThat(line.getMDCPropertyMap()).containsEntry(LogContext.SESSION, line.getFormattedMessage())
					.containsKey(LogContext.CONNECTION);
			});
			Map<String, List<String>> connections = application().stream()
				.collect(Collectors.groupingBy(ILoggingEvent::getFormattedMessage, Collectors
					.mapping((line) -> line.getMDCPropertyMap().get(LogContext.CONNECTION), Collectors.toList())));
			assertThat(connections.get(adas)).doesNotContainAnyElementsOf(connections.get(bobs));
		}
	}

	@Test
	void logLinesOfTheLibraryAboutAMessageHaveTheSessionAndTheConnection() {
		try (ResumableWsTestClient client = connect()) {
			UUID session = session(client);
			client.sendOnce("{\"type\":\"note\",\"payload\":{\"of\":\"fail\"}}");
			client.await("error");
			ILoggingEvent line = await().atMost(PATIENCE)
				.until(() -> about("Failed to handle a message", session), (found) -> !found.isEmpty())
				.get(0);
			assertThat(line.getFormattedMessage()).contains(line.getMDCPropertyMap().get(LogContext.CONNECTION));
		}
	}

	@Test
	void logLinesOfAGeneratorAndOfItsFailureHaveTheSession() {
		try (ResumableWsTestClient client = connect()) {
			UUID session = session(client);
			client.sendOnce("{\"type\":\"user_message\",\"content\":\"fail\",\"idempotency_key\":\"" + UUID.randomUUID()
					+ "\"}");
			client.await("assistant_failed");
			await().atMost(PATIENCE).until(() -> !about("asked", session).isEmpty());
			await().atMost(PATIENCE).until(() -> !about(" failed: ", session).isEmpty());
		}
	}

	@Test
	void theContextOfTheThreadIsRestored() {
		UUID outer = UUID.randomUUID();
		UUID inner = UUID.randomUUID();
		MDC.put("mine", "kept");
		LogContext.run(outer, outer, () -> {
			LogContext.run(inner, null, () -> {
				assertThat(MDC.get(LogContext.SESSION)).isEqualTo(inner.toString());
				assertThat(MDC.get(LogContext.CONNECTION)).isNull();
			});
			assertThat(MDC.get(LogContext.SESSION)).isEqualTo(outer.toString());
			assertThat(MDC.get(LogContext.CONNECTION)).isEqualTo(outer.toString());
		});
		try {
			LogContext.run(outer, outer, () -> {
				throw new IllegalStateException("expected");
			});
		}
		catch (IllegalStateException ex) {
			assertThat(ex).hasMessage("expected");
		}
		assertThat(MDC.getCopyOfContextMap()).containsExactly(Map.entry("mine", "kept"));
	}

	@Test
	void structuredLoggingHasTheIdsAsFields() {
		UUID session = UUID.randomUUID();
		UUID connection = UUID.randomUUID();
		LogContext.run(session, connection, () -> application.info("structured"));
		StructuredLogEncoder encoder = new StructuredLogEncoder();
		LoggerContext context = new LoggerContext();
		context.putObject(Environment.class.getName(), new MockEnvironment());
		encoder.setContext(context);
		encoder.setFormat("ecs");
		encoder.start();
		JsonNode line = JsonMapper.shared()
			.readTree(new String(encoder.encode(application().get(0)), StandardCharsets.UTF_8));
		JsonNode fields = line.path("resumable-ws");
		assertThat(fields.path("session").asString("")).as(line.toString()).isEqualTo(session.toString());
		assertThat(fields.path("connection").asString("")).isEqualTo(connection.toString());
	}

	private List<ILoggingEvent> application() {
		return all().stream().filter((line) -> line.getLoggerName().equals(application.getName())).toList();
	}

	private List<ILoggingEvent> about(String text, UUID session) {
		return all().stream()
			.filter((line) -> line.getFormattedMessage().contains(text)
					&& session.toString().equals(line.getMDCPropertyMap().get(LogContext.SESSION)))
			.toList();
	}

	/**
	 * Returns a copy of the lines, because other threads add some.
	 */
	private List<ILoggingEvent> all() {
		synchronized (this.lines) {
			return new ArrayList<>(this.lines.list);
		}
	}

	private static Logger root() {
		return context().getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
	}

	private static LoggerContext context() {
		return (LoggerContext) LoggerFactory.getILoggerFactory();
	}

	private static ResumableWsTestClient connect() {
		return ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user(UUID.randomUUID().toString())
			.connect();
	}

	private static UUID session(ResumableWsTestClient client) {
		UUID session = client.sessionId();
		client.await("replay_complete");
		return session;
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		ClientMessageHandler notes() {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "note";
				}

				@Override
				public void handle(ClientMessage message) {
					String of = message.payload().path("of").asString("");
					if (of.equals("fail")) {
						throw new IllegalStateException("The handler fails");
					}
					application.info(of);
				}

			};
		}

		@Bean
		EphemeralMessageHandler typing() {
			return new EphemeralMessageHandler() {

				@Override
				public String type() {
					return "typing";
				}

				@Override
				public void handle(ClientMessage message) {
					application.info(message.payload().path("of").asString(""));
				}

			};
		}

		@Bean
		ReplyGenerator generator() {
			return (request) -> {
				application.info("asked");
				return Flux.<ReplyPart>error(new IllegalStateException("The model fails"));
			};
		}

	}

}
