package dev.resumablews.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.HeldByNode;
import dev.resumablews.internal.budget.HeldBudgets;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.testing.HttpHead;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import reactor.core.publisher.Flux;

import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests random input of all kinds that a client can send. The server answers correctly,
 * reveals no internals, logs no warning and keeps no resources. Other users are not
 * affected.
 * <p>
 * {@code -Dfuzz.seed} changes the input. With
 * {@code -Dfuzz.frames=100000 -Dfuzz.handshakes=10000} these tests take minutes and also
 * check the heap and the threads.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("Asserts that every message of another user is acknowledged, and that nothing is logged")
abstract class FuzzTests {

	private static final long SEED = Long.getLong("fuzz.seed", 1);

	private static final int FRAMES = Integer.getInteger("fuzz.frames", 3_000);

	private static final int HANDSHAKES = Integer.getInteger("fuzz.handshakes", 500);

	private static final boolean IS_LONG = FRAMES > 50_000;

	private static final int BROKEN_FRAMES = 300;

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final long MEGABYTE = 1024 * 1024;

	private static final long HEAP_TOLERANCE = 6 * MEGABYTE;

	private static final int THREADS_TOLERANCE = 8;

	private static final String[] NO_LIMITS = { "resumable-ws.user.messages-per-second", "0",
			"resumable-ws.user.size-per-second", "0", "resumable-ws.user.frames-per-second", "0",
			"resumable-ws.user.handshakes-per-minute", "0", "resumable-ws.user.resumes-per-minute", "0",
			"resumable-ws.user.replies-per-minute", "0", "resumable-ws.user.max-waiting-replies", "0",
			"resumable-ws.reply.max-waiting", "1000000", "resumable-ws.auth.handshakes-per-second-per-address", "0" };

	private final boolean jetty;

	private HikariDataSource dataSource;

	private String url;

	FuzzTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeEach
	void createDatabase() {
		this.url = TestPostgres.createDatabase();
		this.dataSource = TestPostgres.pool(this.url);
	}

	@AfterEach
	void closeDatabase() {
		this.dataSource.close();
	}

	@Test
	void framesAndHandshakesOfAllKindsDoNotAffectOtherClients() throws Exception {
		try (TestServer server = start(NO_LIMITS)) {
			fuzz(server, 40, Duration.ofMillis(50), FRAMES / 10, HANDSHAKES / 10);
			Resources before = Resources.now();
			Fuzzer fuzzer = fuzz(server, 40, Duration.ofMillis(50), FRAMES, HANDSHAKES);
			assertThat(fuzzer.answers()).containsKeys("101", "400", "401", "ack", "pong", "error invalid",
					"error malformed", "close 1007", "close 1009");
			if (IS_LONG) {
				Resources after = awaitSettled(server);
				System.out.printf("%s: seed %d: before %s, after %s, %s%n", getClass().getSimpleName(), SEED, before,
						after, fuzzer.answers());
				assertThat(after.heap() - before.heap()).isLessThan(HEAP_TOLERANCE);
				assertThat(after.threads()).isLessThanOrEqualTo(before.threads() + THREADS_TOLERANCE);
			}
		}
	}

	@Test
	void inputAboveTheLimitsIsRejected() throws Exception {
		try (TestServer server = start("resumable-ws.auth.handshake-burst-per-address", "30",
				"resumable-ws.auth.handshakes-per-second-per-address", "5", "resumable-ws.user.messages-per-second",
				"5", "resumable-ws.user.message-burst", "30", "resumable-ws.user.frames-per-second", "30")) {
			Fuzzer fuzzer = fuzz(server, 2, Duration.ofMillis(500), FRAMES / 4, HANDSHAKES / 4);
			assertThat(fuzzer.answers()).containsKeys("close 4429");
			assertThat(fuzzer.count("429")).as("%s", fuzzer.answers()).isPositive();
		}
	}

	@Test
	void aQueryWithInvalidEscapesCausesNoServerError() throws IOException {
		try (TestServer server = start(); LoggedWarnings log = new LoggedWarnings()) {
			for (String query : List.of("x%", "x=%zz", "=1", "&&=&", "%", "token=%")) {
				try (RawSocket socket = new RawSocket(server.port(), PATIENCE)) {
					socket.send(RawSocket.handshake(server.port(), query + "&jwt=" + RandomToken.valid("fuzz").text()));
					HttpHead head = Objects.requireNonNull(socket.readHead());
					assertThat(head.startLine()).as(query).contains(query.startsWith("token") ? " 401" : " 101");
				}
			}
			assertThat(log.lines()).isEmpty();
		}
	}

	@Test
	void anInvalidHeaderCausesNoServerError() throws IOException {
		try (TestServer server = start(); LoggedWarnings log = new LoggedWarnings()) {
			for (String header : List.of("Sec-WebSocket-Extensions: ;", "Sec-WebSocket-Extensions: ,;,",
					"Upgrade: 1")) {
				assertThat(statusWith(header, server)).as(header).containsAnyOf(" 400", " 101");
			}
			assertThat(log.lines()).isEmpty();
		}
	}

	@Test
	void aHandshakeWithABodyIsRejected() throws IOException {
		try (TestServer server = start()) {
			for (String body : List.of("Content-Length: 5", "Transfer-Encoding: chunked")) {
				assertThat(statusWith(body, server)).as(body).contains(" 400");
			}
			assertThat(statusWith("Content-Length: 0", server)).contains(" 101");
		}
	}

	private static String statusWith(String header, TestServer server) throws IOException {
		try (RawSocket socket = new RawSocket(server.port(), PATIENCE)) {
			String good = new String(RawSocket.handshake(server.port(), "token=" + RandomToken.valid("fuzz").text()),
					StandardCharsets.ISO_8859_1);
			socket.send(good.replace("\r\n\r\n", "\r\n" + header + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
			return Objects.requireNonNull(socket.readHead()).startLine();
		}
	}

	/**
	 * The close code blames the client even if the violation arrives while answers are
	 * being sent.
	 */
	@Test
	void aProtocolViolationIsNotClosedAsAServerError() throws Exception {
		try (TestServer server = start(NO_LIMITS)) {
			Fuzzer fuzzer = new Fuzzer(server, SEED, 40, "");
			fuzzer.brokenFrames(BROKEN_FRAMES);
			assertThat(fuzzer.failures()).isEmpty();
			assertThat(fuzzer.count("close 1002")).isPositive();
		}
	}

	private TestServer start(String... properties) {
		return TestServer.builder()
			.jetty(this.jetty)
			.with(Application.class)
			.database(this.url)
			// Jetty logs a warning with the target of each request that it cannot parse
			.properties("logging.level.org.eclipse.jetty", "error")
			.properties(properties)
			.start();
	}

	private Fuzzer fuzz(TestServer server, int users, Duration pace, int frames, int handshakes)
			throws InterruptedException {
		try (LoggedWarnings log = new LoggedWarnings()) {
			Fuzzer fuzzer;
			try (Bystander bystander = new Bystander(server, pace)) {
				fuzzer = new Fuzzer(server, SEED, users, bystander.session().toString());
				fuzzer.frames(frames);
				fuzzer.handshakes(handshakes);
				assertThat(fuzzer.failures()).as("seed %d", SEED).isEmpty();
				assertThat(bystander.end()).isPositive();
			}
			assertNothingIsHeld(server);
			assertThat(log.lines()).as("seed %d", SEED).isEmpty();
			return fuzzer;
		}
	}

	private void assertNothingIsHeld(TestServer server) {
		// the reservation for a client that has disconnected expires after some time
		await().atMost(PATIENCE).untilAsserted(() -> {
			HeldByNode held = IS_LONG ? HeldByNode.of(server) : HeldByNode.of(server).withoutReservations();
			assertThat(held).as("seed %d", SEED).isEqualTo(HeldByNode.NOTHING);
		});
		await().atMost(PATIENCE).untilAsserted(() -> {
			assertThat(rows("ws_live_connections")).isZero();
			assertThat(rows("ws_replies")).isZero();
		});
	}

	private int rows(String table) {
		return JdbcClient.create(this.dataSource).sql("select count(*) from " + table).query(Integer.class).single();
	}

	/**
	 * Waits until idle threads have ended and budgets have expired.
	 */
	private static Resources awaitSettled(TestServer server) {
		UserBudgets budgets = server.bean(UserBudgets.class);
		await().atMost(Duration.ofMinutes(6)).pollInterval(Duration.ofSeconds(5)).until(() -> {
			budgets.of("somebody");
			return HeldBudgets.remembered(budgets) <= 1;
		});
		return Resources.now();
	}

	/**
	 * The resources that the JVM uses.
	 *
	 * @param heap the used heap after a garbage collection, in bytes
	 * @param threads the number of live threads
	 */
	private record Resources(long heap, int threads) {

		static Resources now() {
			System.gc();
			Runtime runtime = Runtime.getRuntime();
			return new Resources(runtime.totalMemory() - runtime.freeMemory(), Thread.getAllStackTraces().size());
		}

		@Override
		public String toString() {
			return "%.1f MB, %d threads".formatted(this.heap / (double) MEGABYTE, this.threads);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		/**
		 * Otherwise Jetty answers an invalid cookie with a stack trace.
		 */
		@Bean
		WebServerFactoryCustomizer<JettyServletWebServerFactory> noStackTraces() {
			return (factory) -> factory.addServerCustomizers((server) -> {
				ErrorHandler handler = new ErrorHandler();
				handler.setShowStacks(false);
				handler.setShowCauses(false);
				server.setErrorHandler(handler);
			});
		}

		@Bean
		ReplyGenerator echo() {
			return (request) -> Flux.just(ReplyPart.text("hello"));
		}

		/**
		 * Publishes the payload of each message, as a chat between users would.
		 */
		@Bean
		ClientMessageHandler relay(ResumableSessions sessions) {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "relay";
				}

				@Override
				public void handle(ClientMessage message) {
					if (!message.payload().isObject()) {
						throw new MessageRejectedException("'payload' must be an object");
					}
					UUID session = message.sessionId();
					sessions.publish(session, "relayed", Map.of("payload", message.payload()));
				}

			};
		}

	}

}
