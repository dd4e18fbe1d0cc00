package dev.resumablews.internal.handler;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSession;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.ServerProcess;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests two nodes in separate processes that are killed while they handle user messages.
 */
@NotUnderFaults("Kills the processes that the faults would disturb")
class KilledNodeTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final int NODES = 2;

	private static final int KILLS = 3;

	private static final int CLIENTS = 12;

	private static final int BURST = 12;

	private final String url = TestPostgres.createDatabase();

	private final ServerProcess[] nodes = new ServerProcess[NODES];

	private final AtomicIntegerArray ports = new AtomicIntegerArray(NODES);

	/**
	 * The idempotency keys of the messages of each client.
	 */
	private final Map<ResumableWsTestClient, List<UUID>> sentKeys = new LinkedHashMap<>();

	private HikariDataSource dataSource;

	private JdbcClient direct;

	@BeforeEach
	void start() {
		this.dataSource = TestPostgres.pool(this.url);
		this.direct = JdbcClient.create(this.dataSource);
		// without a unique constraint, which would hide messages that are handled twice
		this.direct.sql("create table handled (idempotency_key text not null)").update();
		IntStream.range(0, NODES).parallel().forEach(this::startNode);
		for (int i = 0; i < CLIENTS; i++) {
			int first = i;
			int[] connects = { 0 };
			this.sentKeys.put(ResumableWsTestClient.builder(() -> uri((first + connects[0]++) % NODES))
				.tokens(Tokens.ISSUER)
				.user("user-" + i)
				.timeout(PATIENCE)
				.start(), new ArrayList<>());
		}
	}

	private URI uri(int node) {
		return URI.create("ws://localhost:" + this.ports.get(node) + "/ws");
	}

	@AfterEach
	void stop() {
		this.sentKeys.keySet().forEach(ResumableWsTestClient::close);
		for (ServerProcess node : this.nodes) {
			if (node != null) {
				node.close();
			}
		}
		this.dataSource.close();
	}

	@Test
	void everyAcknowledgedMessageIsHandledExactlyOnce() {
		for (int kill = 0; kill < KILLS; kill++) {
			int node = kill % NODES;
			sendMessages();
			await("handlers that run on the node").atMost(PATIENCE)
				.pollInterval(Duration.ofMillis(5))
				.until(() -> running(node) >= 2);
			this.nodes[node].kill();
			sendMessages();
			if (kill < KILLS - 1) {
				startNode(node);
			}
		}
		List<String> all = this.sentKeys.values().stream().flatMap(List::stream).map(UUID::toString).toList();
		this.sentKeys.forEach((client, keys) -> keys.forEach(client::awaitAck));
		await("the last claim to end").atMost(PATIENCE).until(() -> count("select count(*) from ws_replies") == 0);

		assertThat(this.direct.sql("select idempotency_key from handled").query(String.class).list())
			.containsExactlyInAnyOrderElementsOf(all);
		this.sentKeys.forEach((client, keys) -> {
			assertThat(client.errors()).allMatch((error) -> error.code().equals("unavailable"));
			keys.forEach(
					(key) -> client.await(ServerFrame.Event.class, (event) -> handled(event).equals(key.toString())));
			assertThat(client.events().stream().map(KilledNodeTests::handled).filter((key) -> !key.isEmpty()))
				.containsExactlyElementsOf(client.events()
					.stream()
					.map((event) -> event.payload().path("idempotency_key").asString(""))
					.filter((key) -> !key.isEmpty())
					.toList());
			assertThat(client.violations()).isEmpty();
		});
	}

	private static String handled(ServerFrame.Event event) {
		return event.payload().path("key").asString("");
	}

	private void sendMessages() {
		this.sentKeys
			.forEach((client, keys) -> IntStream.range(0, BURST).forEach((n) -> keys.add(client.say("n" + n))));
	}

	/**
	 * Counts the handlers of a node that have written but not committed.
	 */
	private int running(int node) {
		return count("""
				select count(*) from pg_stat_activity
				where datname = current_database() and application_name = 'node-%d'
					and state = 'idle in transaction' and query like 'insert into handled%%'
				""".formatted(node));
	}

	private int count(String sql) {
		return this.direct.sql(sql).query(Integer.class).single();
	}

	private void startNode(int node) {
		this.nodes[node] = ServerProcess.start(Recording.class, "spring.datasource.url",
				this.url + "&ApplicationName=node-" + node, "resumable-ws.reply.lease", "1s",
				"resumable-ws.cluster.backstop-interval", "500ms", "resumable-ws.reply.max-attempts", "20",
				"resumable-ws.user.max-waiting-replies", "1000", "resumable-ws.user.messages-per-second", "0");
		this.ports.set(node, this.nodes[node].port());
	}

	@Configuration(proxyBeanMethods = false)
	static class Recording {

		@Bean
		Recorder recorder(JdbcClient jdbc) {
			return new Recorder(jdbc);
		}

	}

	/**
	 * A handler that takes some time before and after its commit, so that nodes are
	 * killed in both phases.
	 */
	static class Recorder {

		private final JdbcClient jdbc;

		Recorder(JdbcClient jdbc) {
			this.jdbc = jdbc;
		}

		@ClientMessageMapping("user_message")
		void record(ClientMessage message, ResumableSession session) {
			UUID key = message.idempotencyKey();
			session.publish("handled", Map.of("key", key));
			this.jdbc.sql("insert into handled values (?)").param(key.toString()).update();
			TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

				@Override
				public void afterCommit() {
					work();
				}

			});
			work();
		}

		private static void work() {
			try {
				Thread.sleep(40);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

	}

}
