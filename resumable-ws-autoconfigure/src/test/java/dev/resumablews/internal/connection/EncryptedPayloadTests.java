package dev.resumablews.internal.connection;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import javax.crypto.spec.SecretKeySpec;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ConversationMessage;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodec;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.AesGcmPayloadCodec;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests two nodes that encrypt payloads.
 */
@ExtendWith(OutputCaptureExtension.class)
class EncryptedPayloadTests {

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private final String database = TestPostgres.createDatabase();

	private final JdbcTemplate sql = new JdbcTemplate(new DriverManagerDataSource(this.database));

	private final List<AutoCloseable> open = new ArrayList<>();

	private TestServer node;

	@BeforeEach
	void start() {
		Replying.requests.clear();
		this.node = server(Replying.class, Encrypting.class);
	}

	@AfterEach
	void stop() throws Exception {
		Encrypting.reset();
		for (int i = this.open.size() - 1; i >= 0; i--) {
			this.open.get(i).close();
		}
	}

	@Test
	void noTableContainsPlainTextAndClientsReceiveIt() {
		TestServer other = server(Replying.class, Encrypting.class);
		ResumableWsTestClient client = connect(this.node, null, 0);
		UUID session = session(client);
		ResumableWsTestClient elsewhere = connect(other, session, 0);
		elsewhere.await("replay_complete");
		say(client, "MARKER-user");
		String reply = content(client.await("assistant_message").json());
		assertThat(reply).isEqualTo("MARKER-reply to MARKER-user");
		client.sendOnce(Map.of("type", "note", "payload", Map.of("text", "MARKER-custom"), "idempotency_key",
				UUID.randomUUID()));
		client.sendOnce(Map.of("type", "note", "payload", Map.of("text", "MARKER-unkeyed")));
		ResumableSessions sessions = sessions(this.node);
		sessions.publish(session, "tick", Map.of("text", "MARKER-publish"));
		sessions.publishAsync(session, "tick", Map.of("text", "MARKER-async")).join();
		sessions.publishToUser("alice", "tick", Map.of("text", "MARKER-to-user"));
		new TransactionTemplate(this.node.bean(PlatformTransactionManager.class))
			.executeWithoutResult((status) -> sessions.publish(session, "tick", Map.of("text", "MARKER-transaction")));
		say(client, "MARKER-fail");
		client.await("assistant_failed");
		List<String> texts = List.of("MARKER-custom", "MARKER-unkeyed", "MARKER-publish", "MARKER-async",
				"MARKER-to-user", "MARKER-transaction", "MARKER-user", "MARKER-partly");
		for (String text : texts) {
			elsewhere.await(ServerFrame.class, (message) -> message.json().path("payload").toString().contains(text));
		}
		assertThat(find("MARKER")).isEmpty();
		assertThat(this.sql.queryForObject("select count(*) from ws_events where payload::text not like ' {%'",
				Integer.class))
			.isZero();
		ResumableWsTestClient late = connect(other, session, 0);
		late.await("replay_complete");
		for (String text : texts) {
			late.await(ServerFrame.class, (message) -> message.json().path("payload").toString().contains(text));
		}
		assertThat(sessions.history(session, 0, 1000)).extracting(SessionEvent::payload)
			.anyMatch((payload) -> payload.contains("MARKER-transaction"))
			.allMatch((payload) -> payload.startsWith("{"));
	}

	@Test
	void deltasOfARunningReplyAreMergedForAClientThatConnectsLater() {
		ResumableWsTestClient client = connect(this.node, null, 0);
		UUID session = session(client);
		say(client, "endless");
		await().atMost(PATIENCE)
			.until(() -> client.frames()
				.stream()
				.filter((message) -> type(message.json()).equals("assistant_delta"))
				.count() > 20);
		assertThat(find("endless-part")).isEmpty();
		ResumableWsTestClient late = connect(server(Encrypting.class), session, 0);
		long count = late.await(ServerFrame.ReplayComplete.class).count();
		assertThat(count).isLessThan(10);
		JsonNode merged = late
			.await(ServerFrame.class, (message) -> content(message.json()).contains("endless-part endless-part "))
			.json();
		assertThat(merged.path("payload").path("offset").asLong()).isZero();
		client.sendOnce(Map.of("type", "cancel"));
		assertThat(content(late.await("assistant_message").json())).startsWith("endless-part endless-part ");
		assertThat(find("endless-part")).isEmpty();
	}

	@Test
	void aReplyReadsItsConversation() {
		ResumableWsTestClient client = connect(this.node, null, 0);
		say(client, "one");
		client.await("assistant_message");
		say(client, "two");
		client.await("assistant_message");
		assertThat(Replying.requests.get(1).conversation()).extracting(ConversationMessage::content)
			.containsExactly("one", "MARKER-reply to one", "two");
	}

	@Test
	void anotherNodeTakesOverAReply() {
		ResumableWsTestClient client = connect(this.node, null, 0);
		UUID session = session(client);
		say(client, "endless");
		String first = client.awaitEvent("assistant_started").payload().path("message_id").asString("");
		client.await("assistant_delta");
		TestServer other = server(Replying.class, Encrypting.class);
		ResumableWsTestClient watching = connect(other, session, 0);
		this.node.close();
		JsonNode again = watching
			.await(ServerFrame.class,
					(message) -> message.json().path("payload").path("supersedes").asString("").equals(first))
			.json();
		assertThat(again.path("payload").path("in_reply_to").asLong()).isEqualTo(1);
		watching.await("assistant_delta");
		watching.sendOnce(Map.of("type", "cancel"));
		assertThat(content(watching.await("assistant_message").json())).startsWith("endless-part");
	}

	@Test
	void aCancelledReplyWhoseDeltasCannotBeDecodedEndsAsFailedAndKeepsThem() {
		ResumableWsTestClient client = connect(this.node, null, 0);
		UUID session = session(client);
		say(client, "endless");
		client.await("assistant_delta");
		this.node.close();
		int deltas = count(session, "assistant_delta");
		assertThat(this.sql.update("update ws_replies set cancelled_at = now() where session_id = ?", session))
			.isEqualTo(1);
		Encrypting.undecodable.put(session, Encrypting.DELTAS);
		server(Replying.class, Encrypting.class);
		await().atMost(PATIENCE).until(() -> count(session, "assistant_failed") == 1);
		assertThat(count(session, "assistant_delta")).isEqualTo(deltas).isPositive();
	}

	@Test
	void clientsOfTheSameNodeAreSentEventsWithoutDecoding() {
		ResumableWsTestClient client = connect(this.node, null, 0);
		UUID session = session(client);
		Encrypting.awayToDecode = true;
		sessions(this.node).publish(session, "tick", Map.of("n", 1));
		client.await("tick");
	}

	@Test
	void aWrongKeyClosesOnlyTheConnectionsOfItsSession(CapturedOutput output) {
		UUID unreadable = session(connect(this.node, null, 0));
		UUID readable = session(connect(this.node, null, 0));
		sessions(this.node).publish(unreadable, "tick", Map.of("n", 1));
		sessions(this.node).publish(unreadable, "tick", Map.of("n", 2));
		sessions(this.node).publish(readable, "tick", Map.of("n", 1));
		Encrypting.undecodable.put(unreadable, 2);
		TestServer other = server(Encrypting.class);
		ResumableWsTestClient good = connect(other, readable, 0);
		good.await("replay_complete");
		for (int i = 0; i < 2; i++) {
			ResumableWsTestClient bad = connect(other, unreadable, 0);
			assertThat(bad.awaitEvent("tick").eventId()).isEqualTo(1);
			assertThat(bad.await(ServerFrame.Error.class).code()).isEqualTo("failed");
			assertThat(bad.awaitClose().code()).isEqualTo(1011);
		}
		sessions(this.node).publish(readable, "tick", Map.of("n", 2));
		good.await(ServerFrame.class, (message) -> message.json().path("payload").path("n").asInt() == 2);
		assertThat(output).contains("Event 2 of type 'tick' in session " + unreadable + " cannot be decoded")
			.doesNotContain("the key of event 2");
		assertThat(sessions(other).history(unreadable, 0, 10)).hasSize(1);
		assertThatExceptionOfType(PayloadCodecException.class)
			.isThrownBy(() -> sessions(other).history(unreadable, 1, 10))
			.withMessageContaining("Event 2 ");
		Encrypting.undecodable.clear();
		ResumableWsTestClient back = connect(other, unreadable, 1);
		assertThat(back.awaitEvent("tick").eventId()).isEqualTo(2);
		back.await("replay_complete");
	}

	@Test
	void anEventOfAnotherNodeThatCannotBeDecodedClosesOnlyItsSession() {
		TestServer other = server(Encrypting.class);
		UUID unreadable = session(connect(this.node, null, 0));
		UUID readable = session(connect(this.node, null, 0));
		sessions(this.node).publish(readable, "tick", Map.of("n", 1));
		ResumableWsTestClient bad = connect(other, unreadable, 0);
		ResumableWsTestClient good = connect(other, readable, 0);
		bad.await("replay_complete");
		good.await("replay_complete");
		Encrypting.undecodable.put(unreadable, 1);
		sessions(this.node).publish(unreadable, "tick", Map.of("n", 1));
		sessions(this.node).publish(readable, "tick", Map.of("n", 2));
		assertThat(bad.awaitClose().code()).isEqualTo(1011);
		good.await(ServerFrame.class, (message) -> message.json().path("payload").path("n").asInt() == 2);
		assertThat(good.isConnected()).isTrue();
	}

	@Test
	void aSlowKeyDelaysNoOtherSessionOnAnyNode() {
		TestServer other = server(Encrypting.class);
		UUID slow = session(connect(this.node, null, 0));
		UUID fast = session(connect(this.node, null, 0));
		sessions(this.node).publish(slow, "tick", Map.of("n", 0));
		sessions(this.node).publish(fast, "tick", Map.of("n", 0));
		ResumableWsTestClient slowly = connect(other, slow, 0);
		slowly.await("replay_complete");
		ResumableWsTestClient quickly = connect(other, fast, 0);
		quickly.await("replay_complete");
		CountDownLatch release = new CountDownLatch(1);
		Encrypting.slow.put(slow, release);
		// more connections than threads that read pages
		for (int i = 0; i < 8; i++) {
			connect(other, slow, 0).await("session_init");
		}
		sessions(this.node).publish(slow, "tick", Map.of("n", 1));
		Encrypting.slowToEncode.add(slow);
		CompletableFuture<Void> stuck = CompletableFuture
			.runAsync(() -> sessions(this.node).publish(slow, "tick", Map.of("n", 2)));
		for (int i = 1; i < 20; i++) {
			int n = i;
			sessions(this.node).publish(fast, "tick", Map.of("n", n));
			quickly.await(ServerFrame.class, (message) -> message.json().path("payload").path("n").asInt(-1) == n);
		}
		connect(other, fast, 0).await("replay_complete");
		assertThat(stuck).isNotDone();
		assertThat(slowly.frames()).filteredOn((message) -> type(message.json()).equals("tick")).hasSize(1);
		release.countDown();
		stuck.join();
		slowly.await(ServerFrame.class, (message) -> message.json().path("payload").path("n").asInt(-1) == 2);
	}

	@Test
	void anEventThatCannotBeEncodedFailsAlone(CapturedOutput output) {
		ResumableWsTestClient client = connect(this.node, null, 0);
		UUID session = session(client);
		ResumableSessions sessions = sessions(this.node);
		var futures = List.of(sessions.publishAsync(session, "tick", Map.of("n", 1)),
				sessions.publishAsync(session, "tick", Map.of("n", "REFUSED")),
				sessions.publishAsync(session, "tick", Map.of("n", 2)));
		assertThat(futures.get(0).join()).isEqualTo(1);
		assertThat(futures.get(2).join()).isEqualTo(2);
		assertThat(futures.get(1)).failsWithin(PATIENCE)
			.withThrowableThat()
			.withCauseInstanceOf(PayloadCodecException.class);
		assertThatExceptionOfType(PayloadCodecException.class)
			.isThrownBy(() -> sessions.publish(session, "tick", Map.of("n", "REFUSED")))
			.withMessageContaining("type 'tick'")
			.withMessageContaining(session.toString());
		assertThatExceptionOfType(PayloadCodecException.class)
			.isThrownBy(() -> new TransactionTemplate(this.node.bean(PlatformTransactionManager.class))
				.executeWithoutResult((status) -> {
					sessions.publish(session, "tick", Map.of("n", 3));
					sessions.publish(session, "tick", Map.of("n", "REFUSED"));
				}));
		say(client, "REFUSED");
		assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("failed");
		say(client, "AWAY");
		assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unavailable");
		assertThat(sessions.history(session, 0, 10)).hasSize(2);
		say(client, "Hi");
		client.await("assistant_message");
		assertThat(output).doesNotContain("the payload REFUSED");
	}

	@Test
	void aReplyWaitsWhileItsEventsCannotBeEncodedOrItsConversationRead() {
		ResumableWsTestClient client = connect(this.node, null, 0);
		session(client);
		say(client, "Hi");
		client.await("assistant_message");
		Encrypting.unencodableTypes.add("assistant_started");
		Encrypting.awayToDecode = true;
		say(client, "two");
		await().atMost(PATIENCE).until(() -> Encrypting.refused.size() > 1);
		assertThat(client.frames()).filteredOn((message) -> type(message.json()).equals("assistant_started"))
			.hasSize(1);
		Encrypting.reset();
		assertThat(content(client.await("assistant_message").json())).isEqualTo("MARKER-reply to two");
		assertThat(client.frames()).filteredOn((message) -> type(message.json()).equals("assistant_started"))
			.hasSize(2);
	}

	@Test
	void theCodecBlocksNoSharedThread() {
		ResumableWsTestClient client = connect(this.node, null, 0);
		UUID session = session(client);
		say(client, "endless");
		client.await("assistant_delta");
		client.sendOnce(Map.of("type", "cancel"));
		client.await("assistant_message");
		ResumableWsTestClient elsewhere = connect(server(Encrypting.class), session, 0);
		elsewhere.await("replay_complete");
		sessions(this.node).publish(session, "tick", Map.of());
		elsewhere.await("tick");
		assertThat(Encrypting.threads).isNotEmpty()
			.allMatch((name) -> name.startsWith("resumable-ws-handle-") || name.startsWith("resumable-ws-decode-")
					|| name.matches("resumable-ws-reply-(encode-)?\\d+") || name.equals("main"));
	}

	@Test
	void rowsStoredBeforeTheCodecWasAddedAreReadAsTheyAre() {
		TestServer plain = server(Replying.class);
		ResumableWsTestClient client = connect(plain, null, 0);
		UUID session = session(client);
		say(client, "before");
		client.await("assistant_message");
		sessions(plain).publish(session, "tick", Map.of("encoded", "text"));
		assertThat(find("before")).isNotEmpty();
		long last = sessions(this.node).history(session, 0, 100).size();
		ResumableWsTestClient encrypted = connect(this.node, session, 0);
		encrypted.await("replay_complete");
		say(encrypted, "MARKER-later");
		encrypted.await("assistant_message");
		assertThat(content(encrypted.await("assistant_message").json())).isEqualTo("MARKER-reply to MARKER-later");
		assertThat(Replying.requests.get(Replying.requests.size() - 1).conversation())
			.extracting(ConversationMessage::content)
			.containsExactly("before", "MARKER-reply to before", "MARKER-later");
		assertThat(find("MARKER-later")).isEmpty();
		assertThat(sessions(this.node).history(session, 0, 100)).hasSizeGreaterThan((int) last)
			.extracting(SessionEvent::payload)
			.anyMatch((payload) -> payload.equals("{\"encoded\":\"text\"}"))
			.allMatch((payload) -> payload.startsWith("{"));
		// a node without the codec closes the connection instead of sending encoded text
		assertThat(client.awaitClose().code()).isEqualTo(1011);
	}

	@Test
	void aPageThatGrowsBeyondTheLimitIsReadInParts() {
		Encrypting.compresses = true;
		UUID session = session(connect(this.node, null, 0));
		String large = "x".repeat(500_000);
		for (int n = 0; n < 10; n++) {
			sessions(this.node).publish(session, "tick", Map.of("n", n, "text", large));
		}
		TestServer other = server(Encrypting.class);
		assertThat(sessions(other).history(session, 0, 100)).hasSize(1);
		ResumableWsTestClient late = connect(other, session, 0);
		late.await("replay_complete");
		assertThat(late.frames()).filteredOn((message) -> type(message.json()).equals("tick")).hasSize(10);
	}

	private TestServer server(Class<?>... sources) {
		TestServer.Builder builder = TestServer.builder()
			.database(this.database)
			.properties("resumable-ws.reply.lease", "3s", "resumable-ws.shutdown.reply-grace", "0s");
		for (Class<?> source : sources) {
			builder.with(source);
		}
		TestServer server = builder.start();
		this.open.add(server);
		return server;
	}

	private ResumableWsTestClient connect(TestServer server, @Nullable UUID session, long lastEventId) {
		ResumableWsTestClientBuilder client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("alice");
		if (session != null) {
			client = client.session(session, lastEventId);
		}
		ResumableWsTestClient connected = client.timeout(PATIENCE).connect();
		this.open.add(connected);
		return connected;
	}

	private int count(UUID session, String type) {
		Integer count = this.sql.queryForObject("select count(*) from ws_events where session_id = ? and type = ?",
				Integer.class, session, type);
		return (count != null) ? count : -1;
	}

	private static UUID session(ResumableWsTestClient client) {
		UUID session = client.sessionId();
		client.await("replay_complete");
		return session;
	}

	private static ResumableSessions sessions(TestServer server) {
		return server.bean(ResumableSessions.class);
	}

	private static void say(ResumableWsTestClient client, String content) {
		client.sendOnce(Map.of("type", "user_message", "content", content, "idempotency_key", UUID.randomUUID()));
	}

	private static String content(JsonNode message) {
		return message.path("payload").path("content").asString("");
	}

	private static String type(JsonNode message) {
		return message.path("type").asString("");
	}

	/**
	 * Returns the rows of all tables that contain a text in any column.
	 */
	private List<String> find(String text) {
		List<String> tables = this.sql.queryForList(
				"select table_name from information_schema.tables where table_name like 'ws\\_%'", String.class);
		assertThat(tables).contains("ws_events", "ws_replies", "ws_sessions", "ws_idempotency_keys");
		List<String> found = new ArrayList<>();
		for (String table : tables) {
			found.addAll(this.sql.queryForList("select r::text from " + table + " r where r::text like ?", String.class,
					"%" + text + "%"));
		}
		return found;
	}

	@Configuration(proxyBeanMethods = false)
	static class Encrypting {

		private static final int DELTAS = -1;

		private static final Map<UUID, Integer> undecodable = new ConcurrentHashMap<>();

		private static final Map<UUID, CountDownLatch> slow = new ConcurrentHashMap<>();

		private static final Set<UUID> slowToEncode = ConcurrentHashMap.newKeySet();

		private static final Set<String> unencodableTypes = ConcurrentHashMap.newKeySet();

		private static final List<String> refused = new CopyOnWriteArrayList<>();

		private static final Set<String> threads = ConcurrentHashMap.newKeySet();

		private static volatile boolean awayToDecode;

		private static volatile boolean compresses;

		static void reset() {
			undecodable.clear();
			slow.values().forEach(CountDownLatch::countDown);
			slow.clear();
			slowToEncode.clear();
			unencodableTypes.clear();
			refused.clear();
			threads.clear();
			awayToDecode = false;
			compresses = false;
		}

		@Bean
		PayloadCodec codec() {
			byte[] key = "secret-secret-secret-secret-1234".getBytes(StandardCharsets.US_ASCII);
			AesGcmPayloadCodec aes = new AesGcmPayloadCodec(Map.of("1", new SecretKeySpec(key, "AES")), "1");
			return new PayloadCodec() {

				@Override
				public String encode(UUID sessionId, String type, String payload) {
					threads.add(Thread.currentThread().getName());
					if (payload.contains("REFUSED")) {
						throw new IllegalStateException("the payload REFUSED");
					}
					if (payload.contains("AWAY") || unencodableTypes.contains(type)) {
						refused.add(type);
						throw new EventLogUnavailableException("no key");
					}
					if (slowToEncode.contains(sessionId)) {
						await(sessionId);
					}
					return aes.encode(sessionId, type, compresses ? payload.replace("x".repeat(1000), "#") : payload);
				}

				@Override
				public String decode(UUID sessionId, String type, String encoded) {
					threads.add(Thread.currentThread().getName());
					if (awayToDecode) {
						throw new EventLogUnavailableException("no key");
					}
					await(sessionId);
					String payload = aes.decode(sessionId, type, encoded);
					Integer bad = undecodable.get(sessionId);
					if (bad != null && bad == DELTAS && type.equals("assistant_delta")
							|| bad != null && payload.contains("\"n\":" + bad)) {
						throw new IllegalStateException("the key of event 2");
					}
					return compresses ? payload.replace("#", "x".repeat(1000)) : payload;
				}

				private void await(UUID sessionId) {
					CountDownLatch latch = slow.get(sessionId);
					try {
						if (latch != null) {
							latch.await();
						}
					}
					catch (InterruptedException ex) {
						throw new IllegalStateException(ex);
					}
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Replying {

		private static final List<ReplyRequest> requests = new CopyOnWriteArrayList<>();

		@Bean
		ReplyGenerator generator() {
			return (request) -> {
				requests.add(request);
				List<ConversationMessage> conversation = request.conversation();
				String asked = conversation.get(conversation.size() - 1).content();
				return switch (asked) {
					case "endless" -> Flux.interval(Duration.ofMillis(10)).map((n) -> ReplyPart.text("endless-part "));
					case "MARKER-fail" -> Flux.concat(Flux.just(ReplyPart.text("MARKER-partly ")),
							Flux.error(new IllegalStateException("of the test")));
					default -> Flux.just(ReplyPart.text("MARKER-reply to "), ReplyPart.text(asked));
				};
			};
		}

		@Bean
		ClientMessageHandler notes(ObjectProvider<ResumableSessions> sessions) {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "note";
				}

				@Override
				public void handle(ClientMessage message) {
					sessions.getObject().publish(message.sessionId(), "noted", message.payload());
				}

			};
		}

	}

}
