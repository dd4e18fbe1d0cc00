package dev.resumablews.testing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import jakarta.websocket.Session;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RawWebSocketClient}, against a bare Tomcat.
 */
class RawWebSocketClientTests {

	private final CompletableFuture<Session> session = new CompletableFuture<>();

	private final CompletableFuture<Map<String, List<String>>> query = new CompletableFuture<>();

	private WsTestServer server;

	@BeforeEach
	void start() throws Exception {
		this.server = new WsTestServer((session, query) -> {
			session.setMaxTextMessageBufferSize(1000);
			this.query.complete(query);
			this.session.complete(session);
		}, WsTestServer::send);
	}

	@AfterEach
	void stop() throws Exception {
		this.server.close();
	}

	@Test
	void messagesArriveInOrderAlsoSeveralInOneFrame() {
		try (RawWebSocketClient client = connect()) {
			client.send("{\"type\":\"one\"}\n{\"type\":\"two\"}");
			client.send(Map.of("type", "three"));
			assertThat(client.await("three").path("type").asString()).isEqualTo("three");
			assertThat(client.next().path("type").asString()).isEqualTo("one");
			assertThat(client.next().path("type").asString()).isEqualTo("two");
			assertThat(client.messages()).hasSize(3);
			assertThat(client.frames()).hasSize(2);
		}
	}

	@Test
	void parametersAreEncodedAndHeadersSent() throws Exception {
		try (RawWebSocketClient client = RawWebSocketClient.to(this.server.port(), "/ws?a=b")
			.query("token", "x y&z=ü")
			.header("Sec-WebSocket-Protocol", "none")
			.connect()) {
			assertThat(this.query.get()).containsEntry("a", List.of("b")).containsEntry("token", List.of("x y&z=ü"));
			assertThat(client.responseHeader("sec-websocket-accept")).isNotBlank();
		}
	}

	@Test
	void fragmentsAreJoinedToOneMessage() {
		try (RawWebSocketClient client = connect()) {
			client.sendFragmented("{\"type\":\"äöü€😀\"}", 3);
			assertThat(client.next().path("type").asString()).isEqualTo("äöü€😀");
		}
	}

	@Test
	void aRejectionHasStatusHeadersAndBody() {
		UpgradeRejectedException refusal = RawWebSocketClient.to(this.server.port(), "/elsewhere").connectRefused();
		assertThat(refusal.status()).isEqualTo(404);
		assertThat(refusal.headers()).containsKey("content-type");
		assertThat(refusal.body()).contains("404");
		assertThat(RawWebSocketClient.to(this.server.port(), "/ws")
			.header("Sec-WebSocket-Key", "")
			.connectRefused()
			.status()).isEqualTo(400);
	}

	@Test
	void theCloseCodeAndReasonOfTheServerAreReturned() throws Exception {
		try (RawWebSocketClient client = connect()) {
			WsTestServer.end(this.session.get(), 4401, "expired");
			assertThat(client.awaitClose()).isEqualTo(4401);
			assertThat(client.closeReason()).isEqualTo("expired");
			assertThat(client.isOpen()).isFalse();
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> client.await("more"))
				.withMessageContaining("4401");
		}
	}

	@Test
	void invalidFramesAreSentUnchanged() {
		try (RawWebSocketClient client = connect()) {
			client.send(WsFrame.TEXT, new byte[] { (byte) 0xc3, (byte) 0x28 });
			assertThat(client.awaitClose()).isEqualTo(1007);
		}
		try (RawWebSocketClient client = connect()) {
			client.send("x".repeat(2000));
			assertThat(client.awaitClose()).isEqualTo(1009);
		}
	}

	@Test
	void pingsAreAnsweredUnlessDisabled() throws Exception {
		CompletableFuture<Boolean> pong = new CompletableFuture<>();
		try (RawWebSocketClient client = connect()) {
			client.ping();
			await().until(() -> client.pongsReceived() == 1);
			this.session.get().addMessageHandler(jakarta.websocket.PongMessage.class, (message) -> pong.complete(true));
			client.autoPong(false);
			this.session.get().getBasicRemote().sendPing(ByteBuffer.wrap(new byte[] { 1 }));
			await().until(() -> client.pingsReceived() == 1);
			assertThat(pong).isNotDone();
			client.autoPong(true);
			this.session.get().getBasicRemote().sendPing(ByteBuffer.wrap(new byte[] { 2 }));
			await().until(pong::isDone);
			assertThat(client.pingsReceived()).isEqualTo(2);
		}
	}

	@Test
	void aClientThatDoesNotReadBlocksTheServer() throws Exception {
		try (RawWebSocketClient client = RawWebSocketClient.to(this.server.port(), "/ws")
			.receiveBuffer(4096)
			.connect()) {
			client.pauseReading();
			String text = "{\"text\":\"" + "x".repeat(8_000_000) + "\"}";
			CompletableFuture<Void> sent = CompletableFuture
				.runAsync(() -> WsTestServer.send(this.session.join(), text));
			await().during(Duration.ofMillis(300)).until(() -> !sent.isDone() && client.messages().isEmpty());
			client.resumeReading();
			assertThat(client.next().path("text").asString()).hasSize(8_000_000);
			await().until(sent::isDone);
		}
	}

	@Test
	void anAbortedConnectionEndsWithoutACloseFrame() throws Exception {
		try (RawWebSocketClient client = connect()) {
			this.session.get();
			client.pauseReading();
			client.abort();
			assertThat(client.awaitClose()).isEqualTo(RawWebSocketClient.NO_CLOSE_FRAME);
			await().until(() -> !this.session.get().isOpen());
		}
	}

	@Test
	void aConnectionThatIsResetHasNoCloseCode() {
		try (ChaosProxy proxy = ChaosProxy.to(this.server.port());
				RawWebSocketClient client = RawWebSocketClient.to(proxy.port(), "/ws").connect()) {
			client.send("{\"type\":\"hello\"}");
			client.next();
			proxy.cutAll();
			assertThat(client.awaitClose()).isEqualTo(RawWebSocketClient.NO_CLOSE_FRAME);
		}
	}

	@Test
	void framesOfEverySizeAreEncoded() {
		try (RawWebSocketClient client = connect()) {
			for (int size : new int[] { 100, 125, 126, 127, 500, 900 }) {
				client.send("{\"text\":\"" + "x".repeat(size - 11) + "\"}");
				assertThat(client.next().path("text").asString()).hasSize(size - 11);
			}
			assertThat(client.frames().get(0).payload())
				.isEqualTo(("{\"text\":\"" + "x".repeat(89) + "\"}").getBytes(StandardCharsets.UTF_8));
		}
	}

	private RawWebSocketClient connect() {
		return RawWebSocketClient.to(this.server.port(), "/ws").connect();
	}

}
