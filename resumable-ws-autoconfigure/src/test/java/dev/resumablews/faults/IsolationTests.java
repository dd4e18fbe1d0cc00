package dev.resumablews.faults;

import java.time.Duration;
import java.util.function.Supplier;

import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever one session, client or transaction does, events of the other sessions are
 * stored, and it does not take connections to Postgres.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("Counts backends")
class IsolationTests {

	/**
	 * Longer than the statement timeout, as that is what used to leave backends behind.
	 */
	private static final Duration TIME = Duration.ofSeconds(5);

	/**
	 * The size of the library's pool, which opens connections when it needs them.
	 */
	private static final int POOL = 9;

	private String url;

	private SingleConnectionDataSource dataSource;

	private TestServer server;

	private Publishers publishers;

	@BeforeAll
	void start() {
		this.url = TestPostgres.createDatabase();
		this.dataSource = new SingleConnectionDataSource(this.url, true);
		this.server = TestServer.builder()
			.with(Disturbance.StuckHandler.class)
			.database(this.url)
			.properties("resumable-ws.log.statement-timeout", "2s", "resumable-ws.log.append-timeout", "4s")
			.start();
		this.publishers = new Publishers(this.server, 4, JdbcClient.create(this.dataSource));
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.dataSource.close();
	}

	@Test
	void aLockedRowDelaysItsSessionOnly() {
		assertIsolated(() -> Disturbance.lockedRow(this.server, this.url));
	}

	@Test
	void aTransactionThatIsFrozenBeforeItsCommitDelaysItsSessionOnly() {
		assertIsolated(() -> Disturbance.frozenTransaction(this.server, this.url));
	}

	@Test
	void aHandlerThatNeverReturnsDelaysItsConnectionOnly() {
		assertIsolated(() -> Disturbance.handlerThatNeverReturns(this.server));
	}

	@Test
	void aClientThatSendsOneKeyOnManyConnectionsDelaysItselfOnly() {
		assertIsolated(() -> Disturbance.manyTabsWithOneKey(this.server));
	}

	private void assertIsolated(Supplier<Disturbance> disturbance) {
		Disturbance present = disturbance.get();
		// the disturbance's connection is in use already
		int before = this.publishers.backends();
		Publishers.Figures figures = present.during(() -> this.publishers.run(TIME));
		assertThat(figures.failures()).isZero();
		assertThat(figures.backends()).isLessThanOrEqualTo(before + POOL);
	}

}
