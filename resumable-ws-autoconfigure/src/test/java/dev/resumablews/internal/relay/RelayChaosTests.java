package dev.resumablews.internal.relay;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.ChaosProxy;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.RealtimeUpstream;
import dev.resumablews.testing.RealtimeUpstream.Received;
import dev.resumablews.testing.ServerProcess;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests a relay with a thousand messages and ten thousand events, while the connections
 * on both sides are cut at random and its node is killed.
 */
@NotUnderFaults("Injects its own faults")
class RelayChaosTests {

	private static final Duration PATIENCE = Duration.ofMinutes(2);

	private static final String KEY = "sk-chaos-0123456789abcdef";

	private static final int MESSAGES = 1000;

	private static final int DELTAS = 9;

	private final long seed = Long.getLong("resumable-ws.test.seed", System.nanoTime());

	private final String url = TestPostgres.createDatabase();

	@Test
	void nothingIsLostOrSentTwiceWithoutAMark() {
		System.out.println("Relay chaos: -Dresumable-ws.test.seed=" + this.seed);
		Random random = new Random(this.seed);
		try (RealtimeUpstream upstream = RealtimeUpstream.start(KEY);
				ChaosProxy upstreamProxy = ChaosProxy.to(upstream.port());
				ServerProcess first = ServerProcess.start(RelayTests.Marking.class, properties(upstreamProxy.port()));
				ChaosProxy clientProxy = ChaosProxy.to(first.port()).searchFor(KEY);
				TestServer second = TestServer.builder()
					.with(RelayTests.Marking.class)
					.properties(properties(upstreamProxy.port()))
					.start();
				ResumableWsTestClient client = ResumableWsTestClient.builder(clientProxy.port())
					.tokens(Tokens.ISSUER)
					.user("alice")
					.timeout(PATIENCE)
					.start()) {
			UUID session = client.sessionId();
			upstreamProxy.cutRandomly(random, 4_000, 80_000);
			clientProxy.cutRandomly(random, 10_000, 150_000);
			long begin = System.nanoTime();
			int killAt = MESSAGES * 3 / 10 + random.nextInt(MESSAGES * 4 / 10);
			Duration takeover = Duration.ZERO;
			List<UUID> keys = new ArrayList<>();
			for (int n = 1; n <= MESSAGES; n++) {
				keys.add(say(client, n));
				await().atMost(PATIENCE)
					.pollInterval(Duration.ofMillis(5))
					.until(() -> client.unacknowledged().size() < 20);
				if (n == killAt) {
					takeover = takeOver(first, upstream, () -> {
						clientProxy.retarget(second.port());
						clientProxy.cutAll();
					});
				}
			}
			keys.forEach(client::awaitAck);
			JdbcClient jdbc = second.bean(JdbcClient.class);
			await().atMost(PATIENCE)
				.until(() -> jdbc.sql("select forwarded_id >= wanted_id from ws_relays where session_id = ?")
					.param(session)
					.query(Boolean.class)
					.single());
			long took = System.nanoTime() - begin;
			upstreamProxy.stopCutting();
			clientProxy.stopCutting();
			List<JsonNode> log = events(jdbc, session);
			assertMessages(log, keys.stream().map(UUID::toString).toList());
			Map<Integer, Integer> copies = assertForwarded(upstream);
			int durable = assertEvents(log);
			client.awaitEventId(log.size());
			assertThat(client.violations()).isEmpty();
			assertThat(client.gaveUp()).isNull();
			assertThat(clientProxy.matches()).isZero();
			assertThat(log.toString()).doesNotContain(KEY);
			System.out.printf(
					"%d messages and %d durable events of the upstream in %.1f s; %d client connections, %d of them cut;"
							+ " %d upstream connections, %d of them cut; killed at message %d, the other node connected"
							+ " after %d ms; %d messages were sent again, all of them marked; status events: %s%n",
					MESSAGES, durable, took / 1e9, clientProxy.connections(), clientProxy.cuts(),
					upstreamProxy.connections(), upstreamProxy.cuts(), killAt, takeover.toMillis(), copies.size(),
					statuses(log));
		}
	}

	/**
	 * Kills the owner, and waits until another node has connected.
	 * @return the time until the takeover
	 */
	private static Duration takeOver(ServerProcess owner, RealtimeUpstream upstream, Runnable redirect) {
		owner.kill();
		int before = upstream.opened();
		long killed = System.nanoTime();
		redirect.run();
		await().atMost(PATIENCE).until(() -> upstream.opened() > before);
		return Duration.ofNanos(System.nanoTime() - killed);
	}

	private static UUID say(ResumableWsTestClient client, int n) {
		return client.send("relay.realtime", Map.of("type", "response.create", "n", n, "deltas", DELTAS));
	}

	private static List<JsonNode> events(JdbcClient jdbc, UUID session) {
		List<Long> ids = jdbc.sql("select id from ws_events where session_id = ? order by id")
			.param(session)
			.query(Long.class)
			.list();
		assertThat(ids).isEqualTo(LongStream.rangeClosed(1, ids.size()).boxed().toList());
		return jdbc.sql("select payload::text from ws_events where session_id = ? order by id")
			.param(session)
			.query(String.class)
			.list()
			.stream()
			.map(JsonMapper.shared()::readTree)
			.toList();
	}

	/**
	 * Asserts that each message is stored once, in the order of sending.
	 */
	private static void assertMessages(List<JsonNode> log, List<String> keys) {
		assertThat(log.stream()
			.filter((payload) -> payload.has("message"))
			.map((payload) -> payload.path("idempotency_key").asString(""))).containsExactlyElementsOf(keys);
	}

	/**
	 * Asserts that the upstream received each message for the first time in order, and
	 * repetitions only with a mark.
	 * @return the number of repetitions by message
	 */
	private static Map<Integer, Integer> assertForwarded(RealtimeUpstream upstream) {
		Set<Integer> seen = new LinkedHashSet<>();
		Map<Integer, Integer> again = new TreeMap<>();
		for (Received received : upstream.received()) {
			if (!seen.add(received.n())) {
				assertThat(received.redelivered()).as("mark of message %d", received.n()).isTrue();
				again.merge(received.n(), 1, Integer::sum);
			}
		}
		assertThat(seen).containsExactlyElementsOf(IntStream.rangeClosed(1, MESSAGES).boxed().toList());
		return again;
	}

	/**
	 * Asserts that the events of each upstream connection are stored in order and without
	 * a gap, and that the answer to each message is complete.
	 * @return the number of events
	 */
	private static int assertEvents(List<JsonNode> log) {
		Map<Integer, Integer> next = new HashMap<>();
		Map<List<Integer>, Integer> deltas = new HashMap<>();
		Set<Integer> answered = new LinkedHashSet<>();
		int events = 0;
		for (JsonNode payload : log) {
			JsonNode event = payload.path("event");
			if (!event.has("seq")) {
				continue;
			}
			events++;
			int connection = event.path("connection").asInt();
			int sequence = event.path("seq").asInt();
			assertThat(sequence).as("event of connection %d", connection).isEqualTo(next.getOrDefault(connection, 0));
			next.put(connection, sequence + 1);
			int n = event.path("n").asInt();
			if (event.path("type").asString("").equals("response.done")) {
				if (deltas.getOrDefault(List.of(connection, n), 0) == DELTAS) {
					answered.add(n);
				}
			}
			else {
				deltas.merge(List.of(connection, n), 1, Integer::sum);
			}
		}
		assertThat(answered).hasSize(MESSAGES);
		assertThat(events).isGreaterThanOrEqualTo(MESSAGES * (DELTAS + 1));
		return events;
	}

	private static Map<String, Integer> statuses(List<JsonNode> log) {
		Map<String, Integer> statuses = new TreeMap<>();
		log.stream()
			.filter((payload) -> payload.has("status"))
			.forEach((payload) -> statuses.merge(payload.path("status").asString(""), 1, Integer::sum));
		return statuses;
	}

	private String[] properties(int upstreamPort) {
		return new String[] { "spring.datasource.url", this.url, "resumable-ws.relay.realtime.uri",
				"ws://localhost:%d/v1/realtime".formatted(upstreamPort),
				"resumable-ws.relay.realtime.headers.Authorization", "Bearer " + KEY,
				"resumable-ws.relay.realtime.durable-types", "session.created,response.text.*,response.done",
				"resumable-ws.relay.realtime.min-back-off", "20ms", "resumable-ws.relay.realtime.max-back-off", "200ms",
				"resumable-ws.relay.realtime.lease", "2s", "resumable-ws.relay.realtime.max-waiting-size", "0",
				"resumable-ws.user.messages-per-second", "0", "resumable-ws.user.size-per-second", "0",
				"resumable-ws.user.frames-per-second", "0", "resumable-ws.user.handshakes-per-minute", "0",
				"resumable-ws.user.resumes-per-minute", "0", "resumable-ws.user.replay-per-second", "0",
				"resumable-ws.user.max-waiting-messages", "0", "resumable-ws.user.max-waiting-size", "0",
				"resumable-ws.user.max-unread-size", "0" };
	}

}
