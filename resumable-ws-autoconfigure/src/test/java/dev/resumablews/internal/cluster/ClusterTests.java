package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.feed.CommitListeners;
import dev.resumablews.internal.feed.RemoteEventReader;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.Bell;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.OtherNodes;
import dev.resumablews.internal.schema.SchemaName;
import dev.resumablews.testing.TestPostgres;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * That a node may be started and stopped any number of times.
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
	void sendsAndReceivesAfterEachStartAndLeavesNoThreadBehindAfterEachStop() {
		Wire signal = new Wire();
		CommitListeners commits = new CommitListeners();
		Cluster cluster = cluster(signal, commits);
		AtomicInteger rings = new AtomicInteger();
		cluster.onRing(rings::incrementAndGet, () -> true);
		for (int i = 1; i <= 3; i++) {
			int times = i;
			cluster.start();
			cluster.start();
			assertThat(cluster.isRunning()).isTrue();
			UUID session = UUID.randomUUID();
			commits.committed(List.of(session));
			await().until(() -> signal.sessionIds().contains(session));
			cluster.ring();
			await().until(() -> signal.rings() == times);
			signal.ring(UUID.randomUUID());
			await().until(() -> rings.get() == times);
			cluster.stop();
			cluster.stop();
			assertThat(cluster.isRunning()).isFalse();
			assertThat(signal.receiver).isNull();
			await().untilAsserted(() -> assertThat(threads()).isEmpty());
		}
		assertThat(rings).hasValue(3);
	}

	@Test
	void whatComesWhileItIsStoppedIsSentAfterTheNextStart() {
		Wire signal = new Wire();
		CommitListeners commits = new CommitListeners();
		Cluster cluster = cluster(signal, commits);
		cluster.start();
		cluster.stop();
		UUID session = UUID.randomUUID();
		commits.committed(List.of(session));
		await().untilAsserted(() -> assertThat(threads()).isEmpty());
		assertThat(signal.texts).isEmpty();
		cluster.start();
		await().until(() -> signal.sessionIds().contains(session));
		cluster.stop();
		await().untilAsserted(() -> assertThat(threads()).isEmpty());
	}

	private Cluster cluster(ClusterSignal signal, CommitListeners commits) {
		JdbcExecutor database = new JdbcExecutor(this.dataSource, new SchemaName(""), Duration.ofSeconds(10));
		RemoteEventReader news = new RemoteEventReader(database, new SessionFeeds(256, 128 * 1024, commits));
		return new Cluster(new NodeId(UUID.randomUUID()), signal, news, commits, new EphemeralEvents(),
				new OtherNodes(), Duration.ofHours(1));
	}

	private List<String> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.isAlive() && !this.before.contains(thread))
			.map(Thread::getName)
			.filter((name) -> name.matches("resumable-ws-(news|signal)"))
			.toList();
	}

	/**
	 * Keeps what is sent, and passes on what a test says that another node has sent.
	 */
	private static final class Wire implements ClusterSignal {

		private final List<String> texts = new CopyOnWriteArrayList<>();

		private volatile @Nullable Receiver receiver;

		@Override
		public void start(Receiver receiver) {
			this.receiver = receiver;
		}

		@Override
		public void send(List<String> texts) {
			this.texts.addAll(texts);
		}

		@Override
		public void close() {
			this.receiver = null;
		}

		List<UUID> sessionIds() {
			return signals().flatMap((signal) -> signal.sessionIds().stream()).toList();
		}

		long rings() {
			return signals().filter((signal) -> signal.bells().contains(Bell.REPLIES)).count();
		}

		/**
		 * Receives what another node sends to ring the doorbell.
		 */
		void ring(UUID node) {
			Receiver receiver = Objects.requireNonNull(this.receiver);
			SignalCodec.write(node, List.of(), List.of(), Set.of(Bell.REPLIES)).forEach(receiver::received);
		}

		private Stream<SignalCodec> signals() {
			return this.texts.stream().map(SignalCodec::read).filter(Objects::nonNull).map(Objects::requireNonNull);
		}

	}

}
