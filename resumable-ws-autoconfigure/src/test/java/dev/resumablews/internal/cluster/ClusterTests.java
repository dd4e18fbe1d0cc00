package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.feed.CommitListeners;
import dev.resumablews.internal.feed.RemoteEventReader;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.OtherNodes;
import dev.resumablews.internal.schema.SchemaName;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that the cluster can be started and stopped repeatedly.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ClusterTests {

	private HikariDataSource dataSource;

	private Set<Thread> before = Set.of();

	@BeforeAll
	void createTables() {
		this.dataSource = TestPostgres.pool(TestPostgres.createDatabase());
		TestPostgres.createTables(this.dataSource);
	}

	@AfterAll
	void closePool() {
		this.dataSource.close();
	}

	@BeforeEach
	void rememberThreads() {
		this.before = Set.copyOf(Thread.getAllStackTraces().keySet());
	}

	@Test
	void signalsAreSentAndReceivedAfterEachStartAndNoThreadIsLeftAfterEachStop() {
		RecordedSignal signal = new RecordedSignal();
		CommitListeners commits = new CommitListeners();
		Cluster cluster = cluster(signal, commits);
		AtomicInteger notifications = new AtomicInteger();
		cluster.onNotification(notifications::incrementAndGet, () -> true);
		for (int i = 1; i <= 3; i++) {
			int times = i;
			cluster.start();
			cluster.start();
			assertThat(cluster.isRunning()).isTrue();
			UUID session = UUID.randomUUID();
			commits.committed(List.of(session));
			await().until(() -> signal.sessionIds().contains(session));
			cluster.notifyOthers();
			await().until(() -> signal.notificationCount() == times);
			signal.receiveNotification(UUID.randomUUID());
			await().until(() -> notifications.get() == times);
			cluster.stop();
			cluster.stop();
			assertThat(cluster.isRunning()).isFalse();
			assertThat(signal.receiver()).isNull();
			await().untilAsserted(() -> assertThat(threads()).isEmpty());
		}
		assertThat(notifications).hasValue(3);
	}

	@Test
	void commitsWhileTheClusterIsStoppedAreSignalledAfterTheNextStart() {
		RecordedSignal signal = new RecordedSignal();
		CommitListeners commits = new CommitListeners();
		Cluster cluster = cluster(signal, commits);
		cluster.start();
		cluster.stop();
		UUID session = UUID.randomUUID();
		commits.committed(List.of(session));
		await().untilAsserted(() -> assertThat(threads()).isEmpty());
		assertThat(signal.texts()).isEmpty();
		cluster.start();
		await().until(() -> signal.sessionIds().contains(session));
		cluster.stop();
		await().untilAsserted(() -> assertThat(threads()).isEmpty());
	}

	private Cluster cluster(ClusterSignal signal, CommitListeners commits) {
		JdbcExecutor database = new JdbcExecutor(this.dataSource, new SchemaName(""), Duration.ofSeconds(10));
		RemoteEventReader reader = new RemoteEventReader(database, new SessionFeeds(256, 128 * 1024, commits));
		return new Cluster(new NodeId(UUID.randomUUID()), signal, reader, commits, new EphemeralEvents(),
				new OtherNodes(), Duration.ofHours(1));
	}

	private List<String> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.isAlive() && !this.before.contains(thread))
			.map(Thread::getName)
			.filter((name) -> name.matches("resumable-ws-(receive|signal)"))
			.toList();
	}

}
