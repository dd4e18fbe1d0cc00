package dev.resumablews.internal.jdbc;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

import dev.resumablews.internal.schema.SchemaName;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests how often Postgres plans a statement.
 */
class PreparedPlansTests {

	private static final String STATEMENT = """
			select n from generate_series(1, 1000) as n where n = any (?::int[]) order by n limit ?
			""";

	@Test
	void aStatementIsPlannedOncePerConnectionEvenIfItHasALimit() {
		SingleConnectionDataSource dataSource = new SingleConnectionDataSource(TestPostgres.createDatabase(), true);
		try {
			JdbcExecutor executor = new JdbcExecutor(dataSource, new SchemaName(""), Duration.ofSeconds(10));
			for (int i = 0; i < 20; i++) {
				assertThat(executor.execute(PreparedPlansTests::query)).containsExactly(1, 2);
			}
			assertThat(new JdbcTemplate(dataSource).queryForList(
					"select custom_plans from pg_prepared_statements where statement like '%generate_series%' "
							+ "and generic_plans > 10",
					Long.class))
				.containsExactly(0L);
		}
		finally {
			dataSource.destroy();
		}
	}

	private static List<Integer> query(JdbcSession session) throws SQLException {
		return session.list(STATEMENT, (statement) -> {
			statement.setArray(1, statement.getConnection().createArrayOf("int", new Integer[] { 1, 2, 3 }));
			statement.setInt(2, 2);
		}, (row) -> row.getInt(1));
	}

}
