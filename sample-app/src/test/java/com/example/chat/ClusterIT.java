package com.example.chat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import dev.resumablews.test.client.Close;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.test.client.TokenPlacement;
import dev.resumablews.testing.Gate;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiExchange;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests replies that are interrupted on one of three nodes by a kill, a pause, a stop or
 * a cancellation. The text of each attempt at a reply contains its number, and each
 * attempt ends when the test releases it.
 */
class ClusterIT {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final int A = 0;

	private static final int B = 1;

	private static SampleCluster cluster;

	private final AtomicInteger attempts = new AtomicInteger();

	private final List<Gate> gates = List.of(new Gate(), new Gate(), new Gate());

	private final String user = "user-" + UUID.randomUUID();

	@BeforeAll
	static void startCluster(@TempDir Path folder) {
		cluster = SampleCluster.start(TestPostgres.createDatabase(), folder, 3, "--resumable-ws.reply.lease=3s",
				"--resumable-ws.shutdown.reply-grace=300ms", "--resumable-ws.shutdown.reconnect-window=100ms");
	}

	@AfterAll
	static void stopCluster() {
		cluster.close();
	}

	@BeforeEach
	void restoreNodes() {
		// restored here, because the timeout of the clients is for the reply
		cluster.restoreNodes();
	}

	@BeforeEach
	void paceAnswers() {
		cluster.model().answer((exchange) -> {
			int attempt = this.attempts.getAndIncrement();
			return answer(attempt).pacedBy(this.gates.get(attempt));
		});
	}

	@AfterEach
	void openGates() {
		this.gates.forEach(Gate::open);
	}

	@Test
	void anotherNodeCompletesAReplyAfterItsNodeWasKilled() throws Exception {
		AtomicInteger at = new AtomicInteger(A);
		try (ResumableWsTestClient client = client(at::get, null)) {
			UUID key = client.say("Carry on without me");
			String first = awaitPieces(client, key, 5);
			SampleProcess killed = cluster.node(A);
			at.set(B);
			killed.kill();

			String second = awaitSuperseding(client, first);
			this.gates.get(1).open();
			client.awaitReplyEnd(second);

			assertThat(client.text(second)).isEqualTo(answer(1).text());
			assertOneReply(client, second, "stop");
			assertThat(client.reconnects()).isPositive();
		}
	}

	@Test
	void aPausedNodeCannotWriteToAReplyThatAnotherNodeTookOver() throws Exception {
		SampleProcess paused = cluster.node(A);
		try (ResumableWsTestClient client = client(() -> A, null)) {
			UUID key = client.say("Do not fall asleep");
			String first = awaitPieces(client, key, 5);
			OpenAiExchange late = lastExchange();
			try (ResumableWsTestClient other = client(() -> B, client.sessionId())) {
				paused.pause();
				try {
					awaitSuperseding(other, first);
					// remains in the socket buffer of the paused node
					this.gates.get(0).release(10);
					await().atMost(TIMEOUT).until(() -> late.piecesSent() == 15);
				}
				finally {
					paused.resume();
				}
				assertThat(late.awaitEnd(TIMEOUT)).isEqualTo(OpenAiExchange.End.ABORTED_BY_CLIENT);

				String second = awaitSuperseding(client, first);
				this.gates.get(1).open();
				client.awaitReplyEnd(second);
				other.awaitReplyEnd(second);

				assertThat(client.text(second)).isEqualTo(other.text(second)).isEqualTo(answer(1).text());
				assertThat(client.text(first)).isEqualTo(pieces(0, 5));
				assertOneReply(client, second, "stop");
				assertOneReply(other, second, "stop");
				assertThat(client.events()
					.stream()
					.filter((event) -> messageId(event.json()).equals(first))
					.map(ServerFrame.Event::eventId)).allMatch((id) -> id < startedAt(client, second));
				assertThat(paused.log()).doesNotContain(" ERROR ");
			}
		}
	}

	@Test
	void aReplyIsCancelledThroughAnotherNode() throws Exception {
		try (ResumableWsTestClient client = client(() -> A, null)) {
			UUID key = client.say("Stop when I say so");
			String reply = awaitPieces(client, key, 5);
			OpenAiExchange upstream = lastExchange();
			try (ResumableWsTestClient other = client(() -> B, client.sessionId())) {
				other.awaitReplayComplete();
				assertThat(other.sendOnce(Map.of("type", "cancel", "message_id", reply))).isTrue();

				assertThat(upstream.awaitEnd(TIMEOUT)).isEqualTo(OpenAiExchange.End.ABORTED_BY_CLIENT);
				client.awaitReplyEnd(reply);
				other.awaitReplyEnd(reply);

				assertThat(client.text(reply)).isEqualTo(other.text(reply)).isEqualTo(pieces(0, 5));
				assertOneReply(client, reply, "cancelled");
				assertOneReply(other, reply, "cancelled");
				assertThat(this.attempts).hasValue(1);
			}
		}
	}

	@Test
	void aStoppingNodeHandsItsReplyToAnotherNode() throws Exception {
		AtomicInteger at = new AtomicInteger(A);
		try (ResumableWsTestClient client = client(at::get, null)) {
			UUID key = client.say("Do not give up");
			String first = awaitPieces(client, key, 5);
			SampleProcess stopping = cluster.node(A);
			at.set(B);
			stopping.terminate();

			String second = awaitSuperseding(client, first);
			this.gates.get(1).open();
			client.awaitReplyEnd(second);

			assertThat(stopping.awaitExit(TIMEOUT)).isTrue();
			assertThat(stopping.log()).doesNotContain(" ERROR ");
			assertThat(client.text(second)).isEqualTo(answer(1).text());
			assertOneReply(client, second, "stop");
			assertThat(client.closes()).extracting(Close::code).containsExactly(1012);
		}
	}

	/**
	 * Creates a client that passes its token as the page does.
	 * @param node supplies the node for each connection
	 * @param sessionId the session to join; null for a new one
	 */
	private ResumableWsTestClient client(Supplier<Integer> node, @Nullable UUID sessionId) {
		ResumableWsTestClientBuilder builder = ResumableWsTestClient
			.builder(() -> cluster.node(node.get()).webSocketUri())
			.token(() -> Tokens.forUser(this.user))
			.tokenPlacement(TokenPlacement.SUBPROTOCOL)
			.query("frames", "ndjson")
			.timeout(TIMEOUT);
		return ((sessionId != null) ? builder.session(sessionId) : builder).start();
	}

	/**
	 * Releases pieces of the first attempt, and waits for them.
	 * @return its message id
	 */
	private String awaitPieces(ResumableWsTestClient client, UUID key, int count) {
		this.gates.get(0).release(count);
		String reply = client.awaitReply(key);
		await().atMost(TIMEOUT).until(() -> client.text(reply).equals(pieces(0, count)));
		return reply;
	}

	private static String awaitSuperseding(ResumableWsTestClient client, String first) {
		return messageId(client
			.await(ServerFrame.Event.class, (event) -> event.payload().path("supersedes").asString("").equals(first))
			.json());
	}

	private static OpenAiExchange lastExchange() {
		List<OpenAiExchange> all = cluster.model().exchanges();
		return all.get(all.size() - 1);
	}

	/**
	 * Verifies that the log contains the user's message, the start of each attempt and
	 * one end, and that the client has received the same, except for the deltas that have
	 * been compacted since.
	 */
	private static void assertOneReply(ResumableWsTestClient client, String reply, String finishReason) {
		List<JsonNode> log = cluster.log(client.sessionId().toString());
		assertThat(log.stream().map(ClusterIT::type).filter((type) -> !type.equals("assistant_started")))
			.containsExactly("user_message", "assistant_message");
		JsonNode last = log.get(log.size() - 1);
		assertThat(messageId(last)).isEqualTo(reply);
		assertThat(last.at("/payload/finish_reason").asString("")).isEqualTo(finishReason);
		assertThat(last.at("/payload/content").asString("")).isEqualTo(client.text(reply));
		assertThat(client.events()
			.stream()
			.filter((event) -> !event.type().equals("assistant_delta"))
			.map(ServerFrame.Event::eventId))
			.isEqualTo(log.stream().map((event) -> event.path("event_id").asLong(0)).toList());
		assertThat(client.violations()).isEmpty();
		assertThat(client.resets()).isEmpty();
		assertThat(cluster.openReplies()).isZero();
	}

	private static long startedAt(ResumableWsTestClient client, String reply) {
		return client.events()
			.stream()
			.filter((event) -> event.type().equals("assistant_started") && messageId(event.json()).equals(reply))
			.findFirst()
			.orElseThrow()
			.eventId();
	}

	private static OpenAiAnswer answer(int attempt) {
		return OpenAiAnswer
			.of(IntStream.range(0, 40).mapToObj((i) -> "attempt " + attempt + ", piece " + i + "; ").toList());
	}

	private static String pieces(int attempt, int count) {
		return String.join("", answer(attempt).pieces().subList(0, count));
	}

	private static String type(JsonNode event) {
		return event.path("type").asString("");
	}

	private static String messageId(JsonNode event) {
		return event.at("/payload/message_id").asString("");
	}

}
