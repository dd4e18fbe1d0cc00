package dev.resumablews.test;

import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.AutoConfigureResumableWsTestClient;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.test.client.TestTokens;
import dev.resumablews.test.client.TokenPlacement;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.transaction.TestTransaction;
import org.springframework.transaction.annotation.Transactional;

import static dev.resumablews.test.client.ResumableWsAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The tests of {@code docs/testing.md}.
 */
class ShippingTests {

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
		void publishedEventsAreDroppedAndLoggedOnce() {
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
	@AutoConfigureResumableWsTestClient
	@Transactional
	@DirtiesContext
	class InATransaction {

		@Autowired
		private Shipping shipping;

		@Autowired
		private ResumableSessions sessions;

		@Autowired
		private ResumableWsTestClientBuilder clients;

		@Test
		void anEventIsStoredByTheCommit() {
			try (ResumableWsTestClient client = this.clients.user("ada").connect()) {
				this.shipping.ship("ada", 7);
				assertThat(this.sessions.history(client.sessionId(), 0, 10)).isEmpty();

				TestTransaction.flagForCommit();
				TestTransaction.end();
				assertThat(client).received("order_shipped").hasPayload(Map.of("order", 7));
			}
		}

	}

	@Nested
	@DirtiesContext
	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.RANDOM_PORT)
	@AutoConfigureResumableWsTestClient
	class ShippingOverWebSocketsTests {

		@Autowired
		private ResumableWsTestClientBuilder clients;

		@Autowired
		private Shipping shipping;

		@Test
		void aClientThatWasDisconnectedReceivesTheShipment() {
			try (ResumableWsTestClient client = this.clients.user("grace").connect()) {
				UUID order = client.send("order", Map.of("number", 7));
				assertThat(client.awaitAck(order)).forKey(order);

				client.disconnect();
				this.shipping.ship("grace", 7);
				client.resume();

				assertThat(client).received("order_shipped").isReplay().hasPayload(Map.of("order", 7));
				assertThat(client).hasNoGaps();
			}
		}

		@Test
		void anExpiredTokenIsRejected() {
			TestTokens tokens = TestTokens.signedWith(Tokens.SECRET);
			assertThatExceptionOfType(HandshakeRejectedException.class)
				.isThrownBy(() -> this.clients.token(tokens.expired("grace")).connect())
				.satisfies((refused) -> assertThat(refused.status()).isEqualTo(401));
		}

	}

	@Nested
	@DirtiesContext
	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.RANDOM_PORT)
	@AutoConfigureResumableWsTestClient
	class EachTokenPlacement {

		@Autowired
		private ResumableWsTestClientBuilder clients;

		@ParameterizedTest
		@EnumSource(mode = Mode.EXCLUDE, names = { "QUERY", "MESSAGE" })
		void aTokenIsAcceptedInEachPlace(TokenPlacement placement) {
			try (ResumableWsTestClient client = this.clients.user("grace").tokenPlacement(placement).connect()) {
				client.awaitReplayComplete();
				assertThat(client.sendOnce(Map.of("type", "ping", "t", 7))).isTrue();
				assertThat(client.await(ServerFrame.Pong.class).t().asInt()).isEqualTo(7);
				UUID key = client.send("refund", null);
				assertThat(client.awaitError(key)).isError("unknown_type").forKey(key);
			}
		}

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

		@Bean
		Orders orders() {
			return new Orders();
		}

	}

	static class Orders {

		@ClientMessageMapping("order")
		void take(ClientMessage message) {
		}

	}

}
