package dev.resumablews.internal.log;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.publish.TestLog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.datasource.DelegatingDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the log when the outcome of a commit is unknown.
 */
class UnknownOutcomeTests {

	private final AtomicInteger refusedConnections = new AtomicInteger();

	private final AtomicInteger connections = new AtomicInteger();

	private @Nullable Commit nextCommit;

	private final AtomicBoolean closeFails = new AtomicBoolean();

	/**
	 * Whether a connection stays open when it is closed after a failed commit.
	 */
	private final AtomicBoolean keepsOpen = new AtomicBoolean();

	private TestLog test;

	private UUID session;

	@BeforeEach
	void open() {
		LogSettings settings = new LogSettings(1, 10_000, 1024 * 1024, 1000, Duration.ofMillis(5),
				Duration.ofSeconds(30), Duration.ofSeconds(10), 1024 * 1024, 256 * 1024);
		this.test = new TestLog(TestLog.createDatabase(), settings, UnreliableDataSource::new);
		this.session = this.test.newSession("alice");
	}

	@AfterEach
	void close() {
		this.test.close();
	}

	@Test
	void anEventIsStoredOnceWhenTheAnswerToItsCommitIsLost() throws Exception {
		onNextCommit((connection) -> {
			connection.commit();
			connection.close();
			throw new SQLException("The answer was lost", "08006");
		});
		assertThat(append("one").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
		assertThat(append("two").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(2);
		assertThat(types()).containsExactly("one", "two");
	}

	@Test
	void anEventIsStoredOnceWhenItsCommitIsLost() throws Exception {
		onNextCommit((connection) -> {
			connection.rollback();
			connection.close();
			throw new SQLException("The commit was lost", "08006");
		});
		assertThat(append("one").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
		assertThat(append("two").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(2);
		assertThat(types()).containsExactly("one", "two");
	}

	@Test
	void theOutcomeIsQueriedUntilItIsKnown() throws Exception {
		onNextCommit((connection) -> {
			connection.commit();
			connection.close();
			this.refusedConnections.set(5);
			throw new SQLException("The answer was lost", "08006");
		});
		assertThat(append("one").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
		assertThat(this.refusedConnections).hasNonPositiveValue();
		assertThat(types()).containsExactly("one");
	}

	@Test
	void theWriterWaitsForATransactionThatIsStillRunning() throws Exception {
		CompletableFuture<Void> late = new CompletableFuture<>();
		this.keepsOpen.set(true);
		onNextCommit((connection) -> {
			CompletableFuture.runAsync(() -> {
				try {
					// until the log has queried the outcome several times
					int then = this.connections.get();
					await().until(() -> this.connections.get() > then + 2);
					connection.commit();
					connection.close();
					late.complete(null);
				}
				catch (SQLException | RuntimeException ex) {
					late.completeExceptionally(ex);
				}
			});
			throw new SQLException("No answer yet", "08006");
		});
		assertThat(append("one").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
		late.get(20, TimeUnit.SECONDS);
		assertThat(types()).containsExactly("one");
	}

	@Test
	void theOutcomeIsFoundWhileAnotherTransactionHasLockedTheSession() throws Exception {
		CompletableFuture<Connection> locker = new CompletableFuture<>();
		onNextCommit((connection) -> {
			connection.commit();
			connection.close();
			Connection other = this.test.dataSource().getConnection();
			other.setAutoCommit(false);
			other.createStatement()
				.execute("select 1 from ws_sessions where session_id = '" + this.session + "' for update");
			locker.complete(other);
			throw new SQLException("The answer was lost", "08006");
		});
		assertThat(append("one").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
		try (Connection other = locker.get()) {
			other.rollback();
		}
	}

	@Test
	void anEventOfAnotherWriterWithTheSameIdIsDetected() throws Exception {
		onNextCommit((connection) -> {
			connection.rollback();
			connection.close();
			try (Connection other = this.test.dataSource().getConnection()) {
				other.createStatement()
					.execute("update ws_sessions set last_event_id = 1 where session_id = '" + this.session + "'");
				other.createStatement()
					.execute("insert into ws_events values ('" + this.session
							+ "', 1, 'theirs', null, '{}', clock_timestamp())");
			}
			throw new SQLException("The commit was lost", "08006");
		});
		assertThat(append("ours").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(2);
		assertThat(types()).containsExactly("theirs", "ours");
	}

	@Test
	void aFailedCloseAfterTheCommitDoesNotFailTheAppend() throws Exception {
		this.closeFails.set(true);
		assertThat(append("one").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
		assertThat(types()).containsExactly("one");
	}

	@Test
	void aPoolOfOneConnectionIsSufficientToQueryTheOutcome() throws Exception {
		((HikariDataSource) this.test.dataSource()).setMaximumPoolSize(1);
		((HikariDataSource) this.test.dataSource()).getHikariPoolMXBean().softEvictConnections();
		onNextCommit((connection) -> {
			connection.commit();
			throw new SQLException("The answer was lost", "08006");
		});
		assertThat(append("one").get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
		assertThat(types()).containsExactly("one");
	}

	@Test
	void aWholeBatchIsStoredOnce() throws Exception {
		List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
		onNextCommit((connection) -> {
			connection.commit();
			connection.close();
			throw new SQLException("The answer was lost", "08006");
		});
		for (int i = 0; i < 100; i++) {
			appends.add(append("tick"));
		}
		for (int i = 0; i < 100; i++) {
			assertThat(appends.get(i).get(20, TimeUnit.SECONDS).eventId()).isEqualTo(i + 1);
		}
		assertThat(types()).hasSize(100);
	}

	private CompletableFuture<AppendResult> append(String type) {
		return this.test.log().append(AppendRequest.of(this.session, type, "{}"));
	}

	private List<String> types() {
		return this.test.log().read(this.session, 0, 1000).stream().map(SessionEvent::type).toList();
	}

	private void onNextCommit(Commit commit) {
		synchronized (this) {
			this.nextCommit = commit;
		}
	}

	private synchronized @Nullable Commit takeNextCommit() {
		Commit commit = this.nextCommit;
		this.nextCommit = null;
		return commit;
	}

	/**
	 * An action that replaces a commit.
	 */
	@FunctionalInterface
	private interface Commit {

		void on(Connection connection) throws SQLException;

	}

	private final class UnreliableDataSource extends DelegatingDataSource {

		UnreliableDataSource(DataSource target) {
			super(target);
		}

		@Override
		public Connection getConnection() throws SQLException {
			UnknownOutcomeTests.this.connections.incrementAndGet();
			if (UnknownOutcomeTests.this.refusedConnections.getAndDecrement() > 0) {
				throw new SQLException("Postgres is away", "08001");
			}
			return unreliable(super.getConnection());
		}

		private Connection unreliable(Connection connection) {
			AtomicBoolean gone = new AtomicBoolean();
			return (Connection) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Connection.class },
					(proxy, method, arguments) -> {
						if (method.getName().equals("commit")) {
							Commit instead = takeNextCommit();
							if (instead != null) {
								gone.set(true);
								instead.on(connection);
								return null;
							}
						}
						if (gone.get() && UnknownOutcomeTests.this.keepsOpen.get()) {
							return method.getName().equals("getAutoCommit") ? Boolean.TRUE : null;
						}
						if (gone.get() && !method.getName().equals("close")) {
							throw new SQLException("The connection is gone", "08003");
						}
						if (method.getName().equals("close") && UnknownOutcomeTests.this.closeFails.get()) {
							connection.close();
							throw new SQLException("The connection cannot be closed", "08006");
						}
						try {
							return method.invoke(connection, arguments);
						}
						catch (InvocationTargetException ex) {
							throw ex.getCause();
						}
					});
		}

	}

}
