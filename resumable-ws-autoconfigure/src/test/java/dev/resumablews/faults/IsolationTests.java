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
 * Tests that a disturbance by one session, client or transaction does not delay the
 * events of other sessions and does not use up connections to Postgres.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("Counts backends")
class IsolationTests {

	/**
	 * Longer than the statement timeout, because backends could outlive a statement that
	 * timed out.
	 */
	private static final Duration TIME = Duration.ofSeconds(5);

	/**
	 * The maximum size of the library's pool, which opens connections on demand.
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
	void aLockedRowDelaysOnlyItsSession() {
		assertIsolated(() -> Disturbance.lockedRow(this.server, this.url));
	}

	@Test
	void aTransactionThatIsFrozenBeforeItsCommitDelaysOnlyItsSession() {
		assertIsolated(() -> Disturbance.frozenTransaction(this.server, this.url));
	}

	@Test
	void aHandlerThatNeverReturnsDelaysOnlyItsConnection() {
		assertIsolated(() -> Disturbance.handlerThatNeverReturns(this.server));
	}

	@Test
	void aClientThatSendsOneKeyOnManyConnectionsDelaysOnlyItself() {
		assertIsolated(() -> Disturbance.manyTabsWithOneKey(this.server));
	}

	private void assertIsolated(Supplier<Disturbance> disturbance) {
		Disturbance present = disturbance.get();
		// the connection of the disturbance is already open
		int before = this.publishers.backends();
		Publishers.Figures figures = present.during(() -> this.publishers.run(TIME));
		assertThat(figures.failures()).isZero();
		assertThat(figures.backends()).isLessThanOrEqualTo(before + POOL);
	}

}
