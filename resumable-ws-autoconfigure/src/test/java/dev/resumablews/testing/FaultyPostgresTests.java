package dev.resumablews.testing;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.Executor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

class FaultyPostgresTests {

	private static final Executor SAME_THREAD = Runnable::run;

	private static final String INSERT = "insert into things values (1)";

	private FaultyPostgres postgres;

	private Connection direct;

	private Connection connection;

	@BeforeEach
	void open() throws SQLException {
		this.postgres = FaultyPostgres.to(TestPostgres.createDatabase());
		this.direct = DriverManager.getConnection(this.postgres.directUrl());
		execute(this.direct, "create table things (n int)");
		this.connection = DriverManager.getConnection(this.postgres.url());
	}

	@AfterEach
	void close() throws SQLException {
		this.direct.close();
		this.connection.close();
		this.postgres.close();
	}

	@Test
	void aLostStatementIsNotExecuted() throws SQLException {
		this.postgres.plan(FaultPlan.once(INSERT, 2, Fault.DROP));
		execute(this.connection, INSERT);
		assertThatExceptionOfType(SQLException.class).isThrownBy(() -> execute(this.connection, INSERT))
			.satisfies((ex) -> assertThat(ex.getSQLState()).startsWith("08"));
		assertThat(things()).isEqualTo(1);
		assertThat(this.connection.isValid(1)).isFalse();
	}

	@Test
	void aStatementIsExecutedWhenItsResponseIsLost() throws SQLException {
		this.postgres.plan(FaultPlan.once(INSERT, 1, Fault.DROP_ANSWER));
		assertThatExceptionOfType(SQLException.class).isThrownBy(() -> execute(this.connection, INSERT))
			.satisfies((ex) -> assertThat(ex.getSQLState()).startsWith("08"));
		assertThat(things()).isEqualTo(1);
	}

	@Test
	void aCommitIsIdentifiedByTheStatementBeforeIt() throws SQLException {
		this.postgres.plan(FaultPlan.once("commit after " + INSERT, 1, Fault.DROP_ANSWER));
		this.connection.setAutoCommit(false);
		execute(this.connection, "select 1");
		this.connection.commit();
		execute(this.connection, INSERT);
		assertThat(things()).isZero();
		assertThatExceptionOfType(SQLException.class).isThrownBy(this.connection::commit);
		assertThat(things()).isEqualTo(1);
	}

	@Test
	void aLostCommitIsRolledBack() throws SQLException {
		this.postgres.plan(FaultPlan.once("commit after " + INSERT, 1, Fault.DROP));
		this.connection.setAutoCommit(false);
		execute(this.connection, INSERT);
		assertThatExceptionOfType(SQLException.class).isThrownBy(this.connection::commit);
		await().untilAsserted(() -> assertThat(backends()).isEqualTo(1));
		assertThat(things()).isZero();
	}

	@Test
	void aBackendIsTerminatedDuringItsStatement() {
		this.postgres.plan(FaultPlan.once("select pg_sleep(60)", 1, Fault.KILL));
		assertThatExceptionOfType(SQLException.class).isThrownBy(() -> execute(this.connection, "select pg_sleep(60)"))
			.satisfies((ex) -> assertThat(ex.getSQLState()).isEqualTo("57P01"));
	}

	@Test
	void aConnectionWithoutAResponseStaysOpenUntilTheClientClosesIt() throws SQLException {
		this.postgres.plan(FaultPlan.once(INSERT, 1, Fault.SILENCE));
		this.connection.setNetworkTimeout(SAME_THREAD, 300);
		assertThatExceptionOfType(SQLException.class).isThrownBy(() -> execute(this.connection, INSERT));
		assertThat(things()).isEqualTo(1);
	}

	@Test
	void statementsAreRecordedWithNormalizedTextAlsoWhenTheDriverPreparesThem() throws SQLException {
		String sql = "insert into  things\nvalues (?)";
		for (int i = 0; i < 10; i++) {
			try (var statement = this.connection.prepareStatement(sql)) {
				statement.setInt(1, i);
				statement.execute();
			}
		}
		assertThat(this.postgres.executions()).containsEntry("insert into things values (?)", 10);
	}

	@Test
	void randomFaultsAreCounted() {
		this.postgres.plan(FaultPlan.random(1, 1, (request) -> request.sql().equals(INSERT)));
		for (int i = 0; i < 20; i++) {
			try (Connection another = DriverManager.getConnection(this.postgres.url())) {
				execute(another, INSERT);
			}
			catch (SQLException ex) {
				// the fault was injected
			}
		}
		Map<Fault, Integer> faults = this.postgres.faults();
		assertThat(faults.keySet()).containsExactlyInAnyOrder(Fault.DELAY, Fault.DROP, Fault.DROP_ANSWER, Fault.KILL);
		assertThat(faults.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(20);
	}

	@Test
	void theStatementsOfTheLibraryAreReadFromItsClasses() {
		LibraryStatements statements = LibraryStatements.read();
		assertThat(statements.byClass()).hasSizeGreaterThan(10);
		assertThat(statements.contains("select count(*) from things")).isFalse();
	}

	private int things() throws SQLException {
		return number("select count(*) from things");
	}

	private int backends() throws SQLException {
		return number("select count(*) from pg_stat_activity where datname = current_database()");
	}

	private int number(String sql) throws SQLException {
		try (Statement statement = this.direct.createStatement(); var rows = statement.executeQuery(sql)) {
			rows.next();
			return rows.getInt(1);
		}
	}

	private static void execute(Connection connection, String sql) throws SQLException {
		try (Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
	}

}
