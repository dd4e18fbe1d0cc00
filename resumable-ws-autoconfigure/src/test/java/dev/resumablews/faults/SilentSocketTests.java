package dev.resumablews.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import dev.resumablews.internal.admission.HeldByNode;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsFrame;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that a thousand WebSockets of one address whose clients do not authenticate do
 * not affect others, and that their resources are released.
 */
@NotUnderFaults("Asserts that every other client is served in time")
class SilentSocketTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final int SOCKETS = 1000;

	private static final int USES = 20;

	private static final String SILENT = "127.0.0.2";

	private static final String OTHER = "127.0.0.3";

	@ParameterizedTest(name = "on Jetty: {0}")
	@ValueSource(booleans = { false, true })
	void onlyTwentySilentSocketsOfAnAddressAreOpenAndOthersAreServed(boolean jetty) throws IOException {
		try (TestServer server = server(jetty); SilentSockets silent = new SilentSockets(server)) {
			silent.connect(SOCKETS);
			assertThat(silent.statuses).hasSize(SOCKETS);
			assertThat(silent.statuses.stream().filter((status) -> status == 101)).hasSize(20);
			assertThat(silent.statuses.stream().filter((status) -> status == 429)).hasSize(SOCKETS - 20);
			print(jetty, "20 silent sockets, 980 refused", server);
		}
	}

	@ParameterizedTest(name = "on Jetty: {0}")
	@ValueSource(booleans = { false, true })
	void othersAreServedDuringAThousandSilentSocketsAndResourcesAreReleased(boolean jetty) throws IOException {
		try (TestServer server = server(jetty, "resumable-ws.auth.first-message-timeout", "10s",
				"resumable-ws.auth.max-unauthenticated-per-address", String.valueOf(SOCKETS),
				"resumable-ws.auth.max-unauthenticated", String.valueOf(2 * SOCKETS))) {
			print(jetty, "no silent sockets", server);
			// the web server keeps buffers for the maximum number of simultaneous
			// connections
			try (SilentSockets first = new SilentSockets(server)) {
				first.connect(SOCKETS);
			}
			await().atMost(PATIENCE).until(() -> HeldByNode.unauthenticated(server) == 0);
			int threads = threads();
			long before = usedHeap();
			try (SilentSockets silent = new SilentSockets(server)) {
				silent.connect(SOCKETS);
				assertThat(silent.statuses).hasSize(SOCKETS).containsOnly(101);
				assertThat(HeldByNode.of(server)).isEqualTo(HeldByNode.NOTHING);
				// threads that were started for other clients may have ended
				assertThat(threads()).isLessThanOrEqualTo(threads);
				System.out.printf("%.1f KB for each silent socket%n", (usedHeap() - before) / 1024.0 / SOCKETS);
				print(jetty, SOCKETS + " silent sockets", server);
				silent.assertNothingReceivedButClose();
			}
			await().atMost(PATIENCE).until(() -> HeldByNode.unauthenticated(server) == 0);
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(HeldByNode.of(server)).isEqualTo(HeldByNode.NOTHING));
			await().atMost(PATIENCE)
				.pollInterval(Duration.ofSeconds(1))
				.untilAsserted(() -> assertThat(usedHeap() - before).isLessThan(SOCKETS * 4096L));
			// threads that close sockets stay alive for half a minute
			assertThat(threads()).isLessThan(threads + 20);
			System.out.printf("%d threads before, %d after; %d KB more heap%n", threads, threads(),
					(usedHeap() - before) / 1024);
			print(jetty, "no silent sockets again", server);
		}
	}

	private static TestServer server(boolean jetty, String... properties) {
		return TestServer.builder()
			.jetty(jetty)
			.with(SilentClientTests.Application.class)
			.properties("resumable-ws.auth.token-sources", "header,message", "resumable-ws.user.handshakes-per-minute",
					"0", "resumable-ws.auth.first-message-timeout", "60s")
			.properties(properties)
			.start();
	}

	/**
	 * Prints the times of other clients, and fails if one is not served in time.
	 */
	private static void print(boolean jetty, String during, TestServer server) {
		System.out.printf(
				"%s, %s: another address, token in the first message %s, in a header %s; the same address, in a header %s%n",
				jetty ? "Jetty" : "Tomcat", during, measure(server, OTHER, true), measure(server, OTHER, false),
				measure(server, SILENT, false));
	}

	private static String measure(TestServer server, String address, boolean message) {
		long[] nanos = new long[USES];
		for (int i = 0; i < USES; i++) {
			long begin = System.nanoTime();
			String token = Tokens.forUser("user-" + i);
			RawWebSocketClient.Builder builder = RawWebSocketClient.to(server.uri()).from(address);
			try (RawWebSocketClient client = (message ? builder : builder.header("Authorization", "Bearer " + token))
				.connect()) {
				if (message) {
					client.send("{\"type\":\"auth\",\"token\":\"" + token + "\"}");
				}
				client.await("replay_complete");
				client.send("{\"type\":\"note\",\"payload\":{},\"idempotency_key\":\"" + UUID.randomUUID() + "\"}");
				client.await("ack");
			}
			nanos[i] = System.nanoTime() - begin;
		}
		Arrays.sort(nanos);
		assertThat(Duration.ofNanos(nanos[USES - 1])).isLessThan(Duration.ofSeconds(5));
		return "p50 %d ms, max %d ms".formatted(TimeUnit.NANOSECONDS.toMillis(nanos[USES / 2]),
				TimeUnit.NANOSECONDS.toMillis(nanos[USES - 1]));
	}

	private static int threads() {
		return (int) Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("resumable-ws-"))
			.count();
	}

	private static long usedHeap() {
		System.gc();
		Runtime runtime = Runtime.getRuntime();
		return runtime.totalMemory() - runtime.freeMemory();
	}

	/**
	 * WebSockets whose clients never send anything.
	 */
	private static final class SilentSockets implements AutoCloseable {

		private final TestServer server;

		private final List<RawSocket> open = new ArrayList<>();

		private final List<Integer> statuses = new ArrayList<>();

		SilentSockets(TestServer server) {
			this.server = server;
		}

		void connect(int number) throws IOException {
			for (int i = 0; i < number; i++) {
				RawSocket socket = new RawSocket(this.server.port(), PATIENCE, SILENT);
				socket.send(RawSocket.handshake(this.server.port(), ""));
				int status = Integer.parseInt(socket.readHead().startLine().split(" ")[1]);
				this.statuses.add(status);
				if (status == 101) {
					this.open.add(socket);
				}
				else {
					socket.close();
				}
			}
		}

		void assertNothingReceivedButClose() throws IOException {
			for (RawSocket socket : this.open) {
				WsFrame frame = socket.readFrame(PATIENCE);
				assertThat(frame.opcode()).isEqualTo(WsFrame.CLOSE);
				assertThat(((frame.payload()[0] & 0xff) << 8) | (frame.payload()[1] & 0xff)).isEqualTo(4401);
				assertThat(new String(frame.payload(), 2, frame.payload().length - 2, StandardCharsets.UTF_8))
					.isEqualTo("unauthorized");
			}
		}

		@Override
		public void close() throws IOException {
			for (RawSocket socket : this.open) {
				socket.close();
			}
			// allows their buffers to be collected, so that they do not count as the
			// server's
			this.open.clear();
		}

	}

}
