package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.Gate;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests clients that connect while a reply runs.
 */
@TestInstance(Lifecycle.PER_CLASS)
class JoiningTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final int SAID = 200;

	private static final int PIECES = 220;

	private OpenAiStub model;

	private TestServer server;

	private TestServer otherNode;

	@BeforeAll
	void start() {
		this.model = OpenAiStub.start();
		String database = TestPostgres.createDatabase();
		this.server = TestServer.builder().model(this.model).database(database).start();
		this.otherNode = TestServer.builder().model(this.model).database(database).start();
	}

	@AfterAll
	void stop() {
		this.otherNode.close();
		this.server.close();
		this.model.close();
	}

	@Test
	void aClientThatConnectsDuringAReplyGetsFewDeltasAndThenContinuesLive() {
		Gate gate = new Gate();
		try (ResumableWsTestClient first = client("alice")) {
			first.awaitReplayComplete();
			long head = sendPieces(first, gate);
			// replayed from the feed, because the first client is connected to this node
			try (ResumableWsTestClient joiner = joiner("alice", this.server, first.sessionId(), 0)) {
				assertJoined(joiner, head, "");
				sendRemainingPieces(gate, joiner);
				assertWhole(joiner, "");
			}
			assertEnded(first);
		}
	}

	@Test
	void aClientThatReconnectsDuringAReplyGetsFewDeltasAndThenContinuesLive() {
		Gate gate = new Gate();
		try (ResumableWsTestClient first = client("bob")) {
			first.awaitReplayComplete();
			long head = sendPieces(first, gate);
			long middle = head - SAID / 2;
			String known = text(first.events()
				.stream()
				.filter((event) -> event.eventId() <= middle)
				.map(ServerFrame::json)
				.toList());
			assertThat(known).isNotEmpty();
			try (ResumableWsTestClient joiner = joiner("bob", this.server, first.sessionId(), middle)) {
				assertJoined(joiner, head, known);
				sendRemainingPieces(gate, joiner);
				assertWhole(joiner, known);
			}
			assertEnded(first);
		}
	}

	@Test
	void aClientThatRequestsAReplayDuringAReplyGetsFewDeltas() {
		Gate gate = new Gate();
		try (ResumableWsTestClient first = client("carol")) {
			first.awaitReplayComplete();
			long head = sendPieces(first, gate);
			try (ResumableWsTestClient joiner = joiner("carol", this.server, first.sessionId(), head)) {
				assertThat(joiner.await(ServerFrame.ReplayComplete.class).count()).isZero();
				joiner.sendOnce("{\"type\":\"resume\",\"lastEventId\":0}");
				assertJoined(joiner, head, "");
				sendRemainingPieces(gate, joiner);
				assertWhole(joiner, "");
			}
			assertEnded(first);
		}
	}

	@Test
	void aClientThatConnectsToAnotherNodeDuringAReplyGetsFewDeltas() {
		Gate gate = new Gate();
		try (ResumableWsTestClient first = client("dave")) {
			first.awaitReplayComplete();
			long head = sendPieces(first, gate);
			try (ResumableWsTestClient joiner = joiner("dave", this.otherNode, first.sessionId(), 0)) {
				assertJoined(joiner, head, "");
			}
			gate.release(PIECES - SAID);
			assertEnded(first);
		}
	}

	/**
	 * Makes the model send its first pieces, each as a separate delta.
	 * @return the id of the last event
	 */
	private long sendPieces(ResumableWsTestClient client, Gate gate) {
		this.model.answerNext(OpenAiAnswer.ofPieces(PIECES).pacedBy(gate));
		client.say("Talk");
		for (int i = 0; i < SAID; i++) {
			gate.release(1);
			String end = "piece " + i + "; ";
			client.await(ServerFrame.Event.class,
					(event) -> event.payload().path("content").asString("").endsWith(end));
		}
		List<SessionEvent> log = this.server.bean(EventLog.class).read(client.sessionId(), 0, 1000);
		assertThat(log).filteredOn((event) -> event.type().equals("assistant_delta")).hasSize(SAID);
		return log.get(log.size() - 1).id();
	}

	/**
	 * Sends one piece on its own first, because a complete message replaces the deltas in
	 * its batch.
	 */
	private static void sendRemainingPieces(Gate gate, ResumableWsTestClient joiner) {
		gate.release(1);
		joiner.await("assistant_delta");
		gate.release(PIECES - SAID - 1);
	}

	private static void assertJoined(ResumableWsTestClient joiner, long head, String known) {
		List<JsonNode> events = new ArrayList<>();
		for (JsonNode message = joiner.await(ServerFrame.class).json(); !type(message)
			.equals("replay_complete"); message = joiner.await(ServerFrame.class).json()) {
			if (message.has("payload")) {
				events.add(message);
			}
			else {
				assertThat(type(message)).isEqualTo("session_init");
			}
		}
		JsonNode complete = joiner.frames().get(joiner.frames().size() - 1).json();
		assertThat(complete.path("last_event_id").asLong(-1)).isEqualTo(head);
		assertThat(complete.path("count").asInt(-1)).isEqualTo(events.size());
		assertThat(events).allMatch((event) -> event.path("replay").asBoolean(false));
		assertThat(events.get(events.size() - 1).path("event_id").asLong(-1)).isEqualTo(head);
		List<JsonNode> deltas = events.stream().filter((event) -> type(event).equals("assistant_delta")).toList();
		assertThat(deltas).hasSizeBetween(1, 5);
		assertThat(deltas.get(0).path("payload").path("offset").asInt(-1)).isEqualTo(known.length());
		assertThat(known + text(deltas)).isEqualTo(pieces(SAID));
	}

	private static void assertWhole(ResumableWsTestClient joiner, String known) {
		JsonNode message = joiner.await("assistant_message").json();
		assertThat(message.path("payload").path("content").asString("")).isEqualTo(pieces(PIECES));
		List<JsonNode> live = joiner.frames()
			.stream()
			.filter((event) -> type(event.json()).equals("assistant_delta") && !event.json().has("replay"))
			.map(ServerFrame::json)
			.toList();
		assertThat(live).isNotEmpty();
		assertThat(pieces(PIECES)).startsWith(pieces(SAID) + text(live));
		assertThat(live.get(0).path("payload").path("offset").asInt(-1)).isEqualTo(pieces(SAID).length());
	}

	private static void assertEnded(ResumableWsTestClient client) {
		client.awaitEvent("assistant_message");
		assertThat(client.violations()).isEmpty();
	}

	/**
	 * Joins the texts of deltas, and asserts that they are contiguous.
	 */
	private static String text(List<JsonNode> events) {
		StringBuilder text = new StringBuilder();
		Integer begin = null;
		for (JsonNode event : events) {
			if (type(event).equals("assistant_delta")) {
				int offset = event.path("payload").path("offset").asInt(-1);
				begin = (begin != null) ? begin : offset;
				assertThat(offset).isEqualTo(begin + text.length());
				text.append(event.path("payload").path("content").asString(""));
			}
		}
		return text.toString();
	}

	private static String pieces(int count) {
		return OpenAiAnswer.ofPieces(count).text();
	}

	private static String type(JsonNode message) {
		return message.path("type").asString("");
	}

	private ResumableWsTestClient client(String user) {
		return ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.timeout(PATIENCE)
			.start();
	}

	private static ResumableWsTestClient joiner(String user, TestServer node, UUID session, long lastEventId) {
		return to(node, user).session(session, lastEventId).connect();
	}

	private static ResumableWsTestClientBuilder to(TestServer node, String user) {
		return ResumableWsTestClient.builder(node.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE);
	}

}
