package dev.resumablews.internal.reply;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.JsonNode;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests a node that was paused for longer than its lease. It renews its leases so rarely
 * that only the log can detect the takeover.
 */
@ExtendWith(OutputCaptureExtension.class)
class PausedNodeTests {

	private TestServer paused;

	private TestServer taker;

	@BeforeEach
	void start() {
		Models.asked.clear();
		String database = TestPostgres.createDatabase();
		this.paused = start(database);
		this.taker = start(database);
	}

	@AfterEach
	void stop() {
		this.paused.close();
		this.taker.close();
	}

	@Test
	void deltasOfAPausedNodeAreRejectedAndItsClientReceivesOnlyTheTakersReply(CapturedOutput output) throws Exception {
		try (ResumableWsTestClient client = connect()) {
			UUID session = session(client);
			Model late = ask(client);
			String lost = client.awaitEvent("assistant_started").payload().path("message_id").asString();
			late.says("Hal");
			client.await("assistant_delta");
			Model taken = takeOver(session);
			JsonNode again = client.awaitEvent("assistant_started").payload();
			assertThat(again.path("supersedes").asString()).isEqualTo(lost);
			late.says("never seen");
			await().untilTrue(late.cancelled());
			taken.says("Hello");
			client.await("assistant_delta");
			taken.ends();
			JsonNode message = client.awaitEvent("assistant_message").payload();
			assertThat(message.path("content").asString()).isEqualTo("Hello");
			assertOnlyTheTakersReply(client, session, again.path("message_id").asString());
			await().untilAsserted(() -> assertThat(output).containsOnlyOnce("Discarded output of reply " + lost));
		}
	}

	@Test
	void theEndOfAReplyOnAPausedNodeIsRejectedToo(CapturedOutput output) throws Exception {
		try (ResumableWsTestClient client = connect()) {
			UUID session = session(client);
			Model late = ask(client);
			String lost = client.awaitEvent("assistant_started").payload().path("message_id").asString();
			Model taken = takeOver(session);
			JsonNode again = client.awaitEvent("assistant_started").payload();
			late.ends();
			await().untilAsserted(() -> assertThat(output).containsOnlyOnce("Discarded output of reply " + lost));
			taken.says("Hello");
			client.await("assistant_delta");
			taken.ends();
			assertThat(client.awaitEvent("assistant_message").payload().path("content").asString()).isEqualTo("Hello");
			assertOnlyTheTakersReply(client, session, again.path("message_id").asString());
		}
	}

	private void assertOnlyTheTakersReply(ResumableWsTestClient client, UUID session, String messageId) {
		List<SessionEvent> log = this.taker.bean(EventLog.class).read(session, 0, 100);
		assertThat(log).extracting(SessionEvent::type)
			.containsExactly("user_message", "assistant_started", "assistant_started", "assistant_message");
		List<String> sent = client.frames()
			.stream()
			.map((message) -> message.json().path("payload"))
			.filter((payload) -> payload.path("message_id").asString("").equals(messageId))
			.map((payload) -> payload.path("content").asString(""))
			.toList();
		assertThat(String.join("", sent)).isEqualTo("HelloHello");
		assertThat(client.frames()).noneMatch((message) -> message.json().toString().contains("never seen"));
	}

	/**
	 * Sends a message to the node that will be paused, and returns the model that answers
	 * it.
	 */
	private static Model ask(ResumableWsTestClient client) throws InterruptedException {
		client.sendOnce(
				"{\"type\":\"user_message\",\"content\":\"Hi\",\"idempotency_key\":\"" + UUID.randomUUID() + "\"}");
		return Models.next();
	}

	private Model takeOver(UUID session) throws InterruptedException {
		this.paused.bean(JdbcClient.class)
			.sql("update ws_replies set lease_until = now() - interval '1 second' where session_id = ?")
			.param(session)
			.update();
		this.paused.bean(NodeNotifier.class).notifyOthers();
		return Models.next();
	}

	private ResumableWsTestClient connect() {
		return ResumableWsTestClient.builder(this.paused.uri()).tokens(Tokens.ISSUER).user("ada").connect();
	}

	private static UUID session(ResumableWsTestClient client) {
		UUID session = client.sessionId();
		client.await("replay_complete");
		return session;
	}

	private static TestServer start(String database) {
		return TestServer.builder()
			.database(database)
			.with(Models.class)
			.properties("resumable-ws.reply.lease", "5m", "resumable-ws.cluster.backstop-interval", "1h",
					"logging.level.dev.resumablews.internal.reply", "info")
			.start();
	}

	@Configuration(proxyBeanMethods = false)
	static class Models {

		private static final BlockingQueue<Model> asked = new LinkedBlockingQueue<>();

		@Bean
		ReplyGenerator models() {
			return (request) -> {
				Model model = new Model(Sinks.many().unicast().onBackpressureBuffer(), new AtomicBoolean());
				asked.add(model);
				return model.parts().asFlux().doOnCancel(() -> model.cancelled().set(true));
			};
		}

		static Model next() throws InterruptedException {
			Model model = asked.poll(20, TimeUnit.SECONDS);
			assertThat(model).as("a model with a request").isNotNull();
			return model;
		}

	}

	private record Model(Sinks.Many<ReplyPart> parts, AtomicBoolean cancelled) {

		void says(String text) {
			this.parts.tryEmitNext(ReplyPart.text(text)).orThrow();
		}

		void ends() {
			this.parts.tryEmitComplete().orThrow();
		}

	}

}
