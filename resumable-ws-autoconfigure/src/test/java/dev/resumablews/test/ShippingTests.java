package dev.resumablews.test;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.transaction.TestTransaction;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.handler.TextWebSocketHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The code of {@code docs/testing.md}.
 */
class ShippingTests {

	@Test
	void theDocumentShowsThisCode() throws IOException {
		String source = normalized(Files.readString(Path.of("src/test/java/dev/resumablews/test/ShippingTests.java")));
		String document = Files.readString(Path.of("../docs/testing.md"));
		Matcher code = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(document);
		List<String> blocks = code.results().map((block) -> normalized(block.group(1))).toList();
		assertThat(blocks).hasSize(4).allSatisfy((block) -> assertThat(source).contains(block));
	}

	private static String normalized(String code) {
		return code.replaceAll("\\s+", "");
	}

	@Test
	void aShippedOrderIsPublishedToItsUser() {
		InMemoryResumableSessions sessions = new InMemoryResumableSessions();
		UUID session = sessions.open("ada");

		new Shipping(sessions).ship("ada", 7);

		assertThat(sessions.events(session)).singleElement().satisfies((event) -> {
			assertThat(event.type()).isEqualTo("order_shipped");
			assertThat(event.payload()).isEqualTo("{\"order\":7}");
		});
	}

	@Nested
	@SpringBootTest(classes = Application.class, properties = "resumable-ws.enabled=false")
	class SwitchedOff {

		@Autowired
		private Shipping shipping;

		@Autowired
		private ResumableSessions sessions;

		@Test
		void whatIsPublishedIsDroppedAndLoggedOnce() {
			this.shipping.ship("ada", 7);
			assertThat(this.sessions.list("ada", 10)).isEmpty();
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class, properties = "resumable-ws.enabled=false")
	@Import(InMemory.class)
	class WithInMemorySessions {

		@Autowired
		private Shipping shipping;

		@Autowired
		private InMemoryResumableSessions sessions;

		@Test
		void theBeanOfTheTestIsUsed() {
			UUID session = this.sessions.open("ada");
			this.shipping.ship("ada", 7);
			assertThat(this.sessions.events(session)).hasSize(1);
		}

	}

	@TestConfiguration(proxyBeanMethods = false)
	static class InMemory {

		@Bean
		InMemoryResumableSessions sessions() {
			return new InMemoryResumableSessions();
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.RANDOM_PORT)
	@Transactional
	@DirtiesContext
	class InATransaction {

		@Autowired
		private Shipping shipping;

		@Autowired
		private ResumableSessions sessions;

		@LocalServerPort
		private int port;

		@Test
		void anEventIsStoredByTheCommit() throws Exception {
			UUID session = connect(this.port, Tokens.forUser("ada"));

			this.shipping.ship("ada", 7);
			assertThat(this.sessions.history(session, 0, 10)).isEmpty();

			TestTransaction.flagForCommit();
			TestTransaction.end();
			assertThat(this.sessions.history(session, 0, 10)).extracting(SessionEvent::type)
				.containsExactly("order_shipped");
		}

	}

	static UUID connect(int port, String token) throws Exception {
		BlockingQueue<String> messages = new LinkedBlockingQueue<>();
		WebSocketHttpHeaders headers = new WebSocketHttpHeaders();
		headers.setBearerAuth(token);
		new StandardWebSocketClient().execute(new TextWebSocketHandler() {

			@Override
			protected void handleTextMessage(WebSocketSession socket, TextMessage message) {
				messages.add(message.getPayload());
			}

		}, headers, URI.create("ws://localhost:" + port + "/ws")).get(10, TimeUnit.SECONDS);
		String first = messages.poll(10, TimeUnit.SECONDS);
		return UUID.fromString(JsonMapper.shared().readTree(first).path("session_id").asString());
	}

	@DynamicPropertySource
	static void properties(DynamicPropertyRegistry registry) {
		registry.add("spring.datasource.url", TestPostgres::createDatabase);
		registry.add("spring.autoconfigure.exclude", TestServer::excludedOnTomcat);
		registry.add("resumable-ws.auth.jwt.secret", () -> Tokens.SECRET);
		List.of("chat", "embedding", "image", "audio.speech", "audio.transcription", "moderation")
			.forEach((kind) -> registry.add("spring.ai.model." + kind, () -> "none"));
	}

	@Nested
	@ExtendWith(OutputCaptureExtension.class)
	class TheLog {

		@Test
		void saysOnceThatEventsAreDropped(CapturedOutput output) {
			try (TestServer server = TestServer.builder()
				.properties("resumable-ws.enabled", "false")
				.with(Application.class)
				.start()) {
				server.bean(Shipping.class).ship("ada", 7);
				server.bean(Shipping.class).ship("ada", 8);
			}
			assertThat(output).containsOnlyOnce("Events are dropped, because resumable-ws.enabled is false");
		}

	}

	static class Shipping {

		private final ResumableSessions sessions;

		Shipping(ResumableSessions sessions) {
			this.sessions = sessions;
		}

		void ship(String userId, int order) {
			this.sessions.publishToUser(userId, "order_shipped", Map.of("order", order));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		Shipping shipping(ResumableSessions sessions) {
			return new Shipping(sessions);
		}

	}

}
