package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

import javax.sql.DataSource;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.feed.CommitListeners;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.test.client.ResumableWsTestClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the signal over Postgres. The nodes poll the log so rarely that only a signal can
 * cause a delivery.
 */
@TestInstance(Lifecycle.PER_CLASS)
class PostgresSignalTests {

	private TwoNodes nodes;

	@BeforeAll
	void start() {
		this.nodes = new TwoNodes(new Class<?>[] { SpiedDataSource.Spying.class },
				"resumable-ws.cluster.backstop-interval", "1h", "resumable-ws.pool.enabled", "false");
		this.nodes.awaitListeners();
	}

	@AfterAll
	void stop() {
		this.nodes.close();
	}

	@Test
	void eventsReachTheClientsOfAnotherNode() {
		try (ResumableWsTestClient client = this.nodes.connect("alice")) {
			this.nodes.assertDelivered(client, TwoNodes.session(client), 1, 50);
		}
	}

	@Test
	void eventsOfATransactionReachTheClientsOfAnotherNode() {
		try (ResumableWsTestClient client = this.nodes.connect("bob")) {
			UUID session = TwoNodes.session(client);
			this.nodes.first().bean(TransactionTemplate.class).executeWithoutResult((status) -> {
				this.nodes.publish(session, 1);
				this.nodes.publish(session, 2);
			});
			TwoNodes.assertReceived(client, 1, 2);
		}
	}

	@Test
	void aClosedSessionEndsOnAnotherNodeAfterItsLastEvent() {
		try (ResumableWsTestClient client = this.nodes.connect("ivan");
				ResumableWsTestClient other = this.nodes.connect("ivan")) {
			UUID session = TwoNodes.session(client);
			for (int n = 1; n <= 50; n++) {
				this.nodes.publish(session, n);
			}
			assertThat(this.nodes.first().bean(ResumableSessions.class).close(session)).isTrue();
			TwoNodes.assertReceived(client, 1, 50);
			assertThat(client.awaitClose().code()).isEqualTo(1000);
			this.nodes.assertDelivered(other, TwoNodes.session(other), 1, 1);
		}
	}

	@Test
	void aSessionThatATransactionClosesEndsOnAnotherNode() {
		try (ResumableWsTestClient client = this.nodes.connect("judy")) {
			UUID session = TwoNodes.session(client);
			this.nodes.first()
				.bean(TransactionTemplate.class)
				.executeWithoutResult((status) -> this.nodes.first().bean(ResumableSessions.class).close(session));
			assertThat(client.awaitClose().code()).isEqualTo(1000);
		}
	}

	@Test
	void nodesThatPublishToTheSameSessionDeliverTheSameOrder() {
		try (ResumableWsTestClient client = this.nodes.connect("carol")) {
			UUID session = TwoNodes.session(client);
			Thread other = new Thread(() -> {
				for (int n = 0; n < 100; n++) {
					this.nodes.second().bean(ResumableSessions.class).publish(session, "tick", Map.of("n", n));
				}
			});
			other.start();
			for (int n = 0; n < 100; n++) {
				this.nodes.publish(session, n);
			}
			List<Long> ids = new ArrayList<>();
			for (int n = 0; n < 200; n++) {
				ids.add(client.awaitEvent("tick").eventId());
			}
			assertThat(ids).isEqualTo(TwoNodes.upTo(200));
		}
	}

	@Test
	void aListenerWhoseConnectionIsCutReconnectsAndCatchesUp() {
		try (ResumableWsTestClient client = this.nodes.connect("dave")) {
			UUID session = TwoNodes.session(client);
			for (int cut = 0; cut < 3; cut++) {
				List<Integer> before = this.nodes.awaitListeners();
				before.forEach((pid) -> this.nodes.sql()
					.sql("select pg_terminate_backend(?)")
					.param(pid)
					.query(Boolean.class)
					.single());
				// published while the listeners are disconnected, so that few nodes
				// receive its signal
				this.nodes.publish(session, 2 * cut + 1);
				TwoNodes.assertReceived(client, 2 * cut + 1, 2 * cut + 1);
				await().until(() -> this.nodes.listeners().stream().noneMatch(before::contains)
						&& this.nodes.listeners().size() == 2);
				this.nodes.publish(session, 2 * cut + 2);
				TwoNodes.assertReceived(client, 2 * cut + 2, 2 * cut + 2);
			}
		}
	}

	@Test
	void concurrentEventsOfManySessionsAreReadInFewQueries() {
		List<ResumableWsTestClient> clients = new ArrayList<>();
		try {
			List<UUID> sessions = new ArrayList<>();
			for (int i = 0; i < 20; i++) {
				ResumableWsTestClient client = this.nodes.connect("erin");
				clients.add(client);
				sessions.add(TwoNodes.session(client));
			}
			this.nodes.sql()
				.sql("insert into ws_sessions (session_id, user_id) select gen_random_uuid(), 'erin' from generate_series(1, 980)")
				.update();
			long queriesBefore = queriesOfSecondNode();
			this.nodes.first().bean(TransactionTemplate.class).executeWithoutResult((status) -> {
				int published = this.nodes.first()
					.bean(ResumableSessions.class)
					.publishToUser("erin", "tick", Map.of("n", 1));
				assertThat(published).isEqualTo(1000);
			});
			clients.forEach((client) -> TwoNodes.assertReceived(client, 1, 1));
			assertThat(queriesOfSecondNode() - queriesBefore).isBetween(1L, 3L);
		}
		finally {
			clients.forEach(ResumableWsTestClient::close);
		}
	}

	@Test
	void aNodeReadsNothingForItsOwnSignalsOrForSessionsWithoutLocalConnections() {
		try (ResumableWsTestClient client = this.nodes.connect("frank")) {
			UUID session = TwoNodes.session(client);
			long queriesBefore = queriesOfSecondNode();
			SpiedDataSource second = (SpiedDataSource) this.nodes.second().bean(DataSource.class);
			long signalsBefore = second.signals();
			ResumableSessions publisher = this.nodes.second().bean(ResumableSessions.class);
			publisher.publish(session, "tick", Map.of("n", 1));
			TwoNodes.assertReceived(client, 1, 1);
			await().until(() -> second.signals() > signalsBefore);
			UUID elsewhere = this.nodes.sql()
				.sql("insert into ws_sessions (session_id, user_id) values (gen_random_uuid(), 'grace') returning session_id")
				.query(UUID.class)
				.single();
			this.nodes.publish(elsewhere, 1);
			// signals arrive in order, so the notification arrives after all of them
			awaitNotification();
			assertThat(queriesOfSecondNode()).isEqualTo(queriesBefore);
		}
	}

	@Test
	void aNotificationIsNotReceivedByItsSender() {
		AtomicInteger heardHere = new AtomicInteger();
		this.nodes.first().bean(NodeNotifier.class).onNotification(heardHere::incrementAndGet, () -> true);
		awaitNotification();
		assertThat(heardHere).hasValue(0);
	}

	@Test
	void aFailingCommitListenerPreventsNoSignal() {
		try (ResumableWsTestClient client = this.nodes.connect("heidi")) {
			UUID session = TwoNodes.session(client);
			this.nodes.first().bean(CommitListeners.class).add((sessionIds) -> {
				if (sessionIds.contains(session)) {
					throw new IllegalStateException("a listener that fails");
				}
			});
			this.nodes.assertDelivered(client, session, 1, 3);
		}
	}

	private void awaitNotification() {
		AtomicInteger received = new AtomicInteger();
		this.nodes.second().bean(NodeNotifier.class).onNotification(received::incrementAndGet, () -> true);
		this.nodes.first().bean(NodeNotifier.class).notifyOthers();
		await().atMost(Duration.ofSeconds(20)).until(() -> received.get() > 0);
	}

	private long queriesOfSecondNode() {
		return ((SpiedDataSource) this.nodes.second().bean(DataSource.class)).remoteEventQueries();
	}

}
