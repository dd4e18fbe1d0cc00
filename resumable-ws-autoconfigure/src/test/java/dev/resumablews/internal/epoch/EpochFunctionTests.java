package dev.resumablews.internal.epoch;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.datasource.SingleConnectionDataSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@code ws_epoch} returns the value that it computed before on the same
 * connection.
 */
class EpochFunctionTests {

	private static SingleConnectionDataSource dataSource;

	private Connection connection;

	@BeforeAll
	static void createTables() {
		dataSource = new SingleConnectionDataSource(TestPostgres.createDatabase(), true);
		TestPostgres.createTables(dataSource);
	}

	@AfterAll
	static void close() {
		dataSource.destroy();
	}

	@BeforeEach
	void connect() throws SQLException {
		this.connection = DriverManager.getConnection(dataSource.getUrl());
	}

	@AfterEach
	void disconnect() throws SQLException {
		this.connection.close();
	}

	@Test
	void theEpochIsTheSameForEachCallAndConnection() throws SQLException {
		String computed = epoch("");
		assertThat(computed).matches("[0-9a-f]{12}");
		assertThat(epoch("")).isEqualTo(computed);
		disconnect();
		connect();
		assertThat(epoch("")).isEqualTo(computed);
	}

	@Test
	void eachOperatorValueIsADifferentEpoch() throws SQLException {
		String none = epoch("");
		String first = epoch("1");
		String second = epoch("2");
		assertThat(second).isNotIn(none, first);
		assertThat(first).isNotEqualTo(none);
		assertThat(epoch("1")).isEqualTo(first);
		assertThat(epoch("")).isEqualTo(none);
	}

	@Test
	void aRollbackDoesNotChangeTheEpoch() throws SQLException {
		this.connection.setAutoCommit(false);
		String computed = epoch("");
		this.connection.rollback();
		assertThat(epoch("")).isEqualTo(computed);
		assertThat(epoch("1")).isNotEqualTo(computed);
	}

	@Test
	void discardingTheStateOfTheConnectionDoesNotChangeTheEpoch() throws SQLException {
		String computed = epoch("");
		try (Statement statement = this.connection.createStatement()) {
			statement.execute("discard all");
		}
		assertThat(epoch("")).isEqualTo(computed);
	}

	private String epoch(String operatorValue) throws SQLException {
		try (Statement statement = this.connection.createStatement();
				ResultSet row = statement.executeQuery("select ws_epoch('" + operatorValue + "')")) {
			row.next();
			return row.getString(1);
		}
	}

}
