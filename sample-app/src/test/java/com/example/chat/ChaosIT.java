package com.example.chat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.ChaosProxy;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.RestartablePostgres;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that sixty clients lose nothing while their connections are cut at random, three
 * nodes are killed, stopped and paused, and Postgres is restarted. The system property
 * {@code chaos.duration} sets the duration; the profile {@code chaos} sets it to three
 * minutes.
 */
class ChaosIT {

	private static final Duration TIMEOUT = Duration.ofSeconds(90);

	private static final Duration DURATION = Duration.parse(System.getProperty("chaos.duration", "PT20S"));

	private static final int NODES = 3;

	private static final int SPEAKERS = 48;

	/**
	 * Clients that join the session of a speaker, and only receive.
	 */
	private static final int LISTENERS = 12;

	private final long seed = new Random().nextLong();

	private final Random random = new Random(this.seed);

	private final RestartablePostgres postgres = RestartablePostgres.start();

	private final List<ChaosProxy> network = new ArrayList<>();

	private final List<Speaker> speakers = new ArrayList<>();

	private final List<ResumableWsTestClient> listeners = new ArrayList<>();

	private final AtomicInteger answers = new AtomicInteger();

	private int kills;

	private int stops;

	private int pauses;

	private int restarts;

	private SampleCluster cluster;

	@BeforeEach
	void start(@TempDir Path folder) {
		this.cluster = SampleCluster.start(this.postgres.url(), folder, NODES, "--resumable-ws.reply.lease=3s",
				"--resumable-ws.shutdown.reply-grace=300ms", "--resumable-ws.shutdown.reconnect-window=500ms");
		this.cluster.model()
			.answer((exchange) -> answer(this.answers.getAndIncrement()).pacedBy(Duration.ofMillis(80)));
		for (int i = 0; i < NODES; i++) {
			ChaosProxy proxy = ChaosProxy.to(this.cluster.node(i).port());
			proxy.cutRandomly(this.random, 2_000, 60_000);
			this.network.add(proxy);
		}
		for (int i = 0; i < SPEAKERS; i++) {
			this.speakers.add(new Speaker(client("user-" + i).start()));
		}
		for (int i = 0; i < LISTENERS; i++) {
			this.listeners.add(client("user-" + i).session(this.speakers.get(i).client.sessionId()).start());
		}
	}

	@AfterEach
	void stop() throws Exception {
		this.speakers.forEach(Speaker::finish);
		this.speakers.forEach((speaker) -> speaker.client.close());
		this.listeners.forEach(ResumableWsTestClient::close);
		this.cluster.close();
		this.network.forEach(ChaosProxy::close);
		this.postgres.close();
	}

	@Test
	void everyMessageIsAnsweredOnceAndEveryEventReceivedOnce() throws Exception {
		long start = System.nanoTime();
		this.speakers.forEach(Speaker::begin);
		do {
			int killed = randomNode();
			kill(killed);
			// not the node that was just restarted: it may not have a reply yet
			pause((killed + 1 + this.random.nextInt(NODES - 1)) % NODES, this.random.nextBoolean());
			if (this.restarts == 0) {
				awaitProgress();
				this.postgres.restart();
				this.restarts++;
			}
			terminate(randomNode());
		}
		while (System.nanoTime() - start < DURATION.toNanos());
		awaitProgress();
		this.speakers.forEach(Speaker::finish);
		this.network.forEach(ChaosProxy::stopCutting);
		this.speakers.forEach(Speaker::awaitAnswers);
		Duration lasted = Duration.ofNanos(System.nanoTime() - start);

		Tally tally = new Tally();
		for (int i = 0; i < SPEAKERS; i++) {
			Speaker speaker = this.speakers.get(i);
			List<JsonNode> log = this.cluster.log(speaker.client.sessionId().toString());
			tally.check(log, speaker.asked);
			assertReceived(speaker.client, log);
			if (i < LISTENERS) {
				assertReceived(this.listeners.get(i), log);
			}
		}
		System.out.printf(
				"Chaos: %d s, %d clients of %d sessions, %d messages acknowledged and answered once (%d whole, %d failed), "
						+ "%d replies taken over, %d events; %d connections cut, %d reconnects; "
						+ "%d nodes killed, %d paused past their lease, %d stopped, Postgres restarted %d time(s); seed %d%n",
				lasted.toSeconds(), SPEAKERS + LISTENERS, SPEAKERS, tally.messages, tally.whole, tally.failed,
				tally.takenOver, tally.events, this.network.stream().mapToInt(ChaosProxy::cuts).sum(),
				clients().stream().mapToInt(ResumableWsTestClient::reconnects).sum(), this.kills, this.pauses,
				this.stops, this.restarts, this.seed);
		assertThat(tally.takenOver).isGreaterThanOrEqualTo(this.kills + this.pauses);
		assertThat(this.cluster.openReplies()).isZero();
	}

	private void kill(int node) throws InterruptedException {
		awaitProgress();
		int before = this.cluster.takeovers();
		this.cluster.node(node).kill();
		this.kills++;
		await("takeover from the killed node").atMost(TIMEOUT).until(() -> this.cluster.takeovers() > before);
		relaunch(node);
	}

	/**
	 * @param cut whether its connections are cut, so that its clients connect to other
	 * nodes
	 */
	private void pause(int node, boolean cut) throws Exception {
		awaitProgress();
		int before = this.cluster.takeovers();
		SampleProcess paused = this.cluster.node(node);
		paused.pause();
		this.pauses++;
		try {
			if (cut) {
				this.network.get(node).refuse();
				this.network.get(node).cutAll();
			}
			await("takeover from the paused node").atMost(TIMEOUT).until(() -> this.cluster.takeovers() > before);
		}
		finally {
			paused.resume();
			this.network.get(node).acceptAgain();
		}
	}

	private void terminate(int node) throws InterruptedException {
		awaitProgress();
		SampleProcess stopping = this.cluster.node(node);
		stopping.terminate();
		this.stops++;
		assertThat(stopping.awaitExit(TIMEOUT)).isTrue();
		relaunch(node);
	}

	private void relaunch(int node) {
		this.network.get(node).retarget(this.cluster.node(node).port());
	}

	/**
	 * Waits for as many further answers as there are speakers, so that the next failure
	 * interrupts replies.
	 */
	private void awaitProgress() {
		int before = answerCount();
		await("answers").atMost(TIMEOUT).until(() -> answerCount() >= before + SPEAKERS);
	}

	private int answerCount() {
		return this.speakers.stream().mapToInt((speaker) -> speaker.answered.get()).sum();
	}

	private int randomNode() {
		return this.random.nextInt(NODES);
	}

	/**
	 * Creates a client that connects to a random node each time.
	 */
	private ResumableWsTestClientBuilder client(String user) {
		Random choice = new Random(this.random.nextLong());
		return ResumableWsTestClient
			.builder(() -> URI.create("ws://localhost:" + this.network.get(choice.nextInt(NODES)).port() + "/ws"))
			.token(() -> Tokens.forUser(user))
			.query("frames", "ndjson")
			.timeout(TIMEOUT);
	}

	private List<ResumableWsTestClient> clients() {
		List<ResumableWsTestClient> all = new ArrayList<>(this.listeners);
		this.speakers.forEach((speaker) -> all.add(speaker.client));
		return all;
	}

	/**
	 * Verifies that a client has received the log. Deltas are compared by their text:
	 * those of a complete reply have been compacted since, and those of a failed one may
	 * have been merged.
	 */
	private static void assertReceived(ResumableWsTestClient client, List<JsonNode> log) {
		client.awaitEventId(log.get(log.size() - 1).path("event_id").asLong());
		assertThat(client.violations()).isEmpty();
		assertThat(client.resets()).isEmpty();
		assertThat(client.events()
			.stream()
			.map(ServerFrame::json)
			.filter((event) -> !type(event).equals("assistant_delta"))
			.map(ChaosIT::summary))
			.isEqualTo(log.stream()
				.filter((event) -> !type(event).equals("assistant_delta"))
				.map(ChaosIT::summary)
				.toList());
		Map<String, StringBuilder> left = new HashMap<>();
		log.stream()
			.filter((event) -> type(event).equals("assistant_delta"))
			.forEach((delta) -> left.computeIfAbsent(messageId(delta), (id) -> new StringBuilder())
				.append(delta.at("/payload/content").asString()));
		left.forEach((messageId, text) -> assertThat(client.text(messageId)).isEqualTo(text.toString()));
	}

	private static String summary(JsonNode event) {
		return event.path("event_id") + " " + type(event) + " " + event.path("payload");
	}

	private static OpenAiAnswer answer(int number) {
		return OpenAiAnswer
			.of(IntStream.range(0, 30).mapToObj((i) -> "answer " + number + ", piece " + i + "; ").toList());
	}

	private static String type(JsonNode event) {
		return event.path("type").asString("");
	}

	private static String messageId(JsonNode event) {
		return event.at("/payload/message_id").asString("");
	}

	/**
	 * Sends a message, waits for the answer, and repeats.
	 */
	private static final class Speaker {

		private final ResumableWsTestClient client;

		private final List<UUID> asked = new CopyOnWriteArrayList<>();

		private final AtomicInteger answered = new AtomicInteger();

		private final Thread thread = new Thread(this::run, "speaker");

		private volatile boolean finished;

		private volatile Throwable failure;

		Speaker(ResumableWsTestClient client) {
			this.client = client;
		}

		void begin() {
			this.thread.setDaemon(true);
			this.thread.start();
		}

		void finish() {
			this.finished = true;
		}

		private void run() {
			try {
				while (!this.finished) {
					UUID key = this.client.say("Question " + this.asked.size());
					this.asked.add(key);
					this.client.awaitAck(key);
					this.client.awaitWholeReply(key);
					this.answered.incrementAndGet();
				}
			}
			catch (Throwable ex) {
				this.failure = ex;
			}
		}

		void awaitAnswers() {
			await().atMost(TIMEOUT).until(() -> !this.thread.isAlive());
			assertThat(this.failure).isNull();
		}

	}

	/**
	 * Counts the contents of the logs.
	 */
	private static final class Tally {

		private int messages;

		private int whole;

		private int failed;

		private int takenOver;

		private int events;

		/**
		 * Verifies that each acknowledged message is in the log once, and was answered
		 * once.
		 */
		void check(List<JsonNode> log, List<UUID> asked) {
			assertThat(log.stream()
				.filter((event) -> type(event).equals("user_message"))
				.map((event) -> UUID.fromString(event.at("/payload/idempotency_key").asString())))
				.containsExactlyElementsOf(asked);
			Map<String, Long> questions = new HashMap<>();
			List<Long> answered = new ArrayList<>();
			for (JsonNode event : log) {
				switch (type(event)) {
					case "assistant_started" -> {
						questions.put(messageId(event), event.at("/payload/in_reply_to").asLong());
						this.takenOver += event.at("/payload/supersedes").isMissingNode() ? 0 : 1;
					}
					case "assistant_message" -> {
						String text = event.at("/payload/content").asString();
						assertThat(text).isEqualTo(answer(numberOf(text)).text());
						answered.add(questions.get(messageId(event)));
						this.whole++;
					}
					case "assistant_failed" -> {
						answered.add(questions.get(messageId(event)));
						this.failed++;
					}
					default -> {
						// a message, or a piece of a failed reply
					}
				}
			}
			assertThat(answered).containsExactlyElementsOf(log.stream()
				.filter((event) -> type(event).equals("user_message"))
				.map((event) -> event.path("event_id").asLong())
				.toList());
			this.messages += asked.size();
			this.events += log.size();
		}

		private static int numberOf(String text) {
			return Integer.parseInt(text.substring("answer ".length(), text.indexOf(',')));
		}

	}

}
