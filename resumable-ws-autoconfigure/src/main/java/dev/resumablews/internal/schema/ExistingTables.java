package dev.resumablews.internal.schema;

import javax.sql.DataSource;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;

import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * What remains without Liquibase: the tables must have been made by other means.
 */
final class ExistingTables implements SchemaMigration {

	private final JdbcClient jdbc;

	ExistingTables(DataSource dataSource) {
		this.jdbc = JdbcClient.create(dataSource);
	}

	@Override
	public void migrate(SchemaName schema) {
		for (String table : SchemaFiles.tables()) {
			String name = schema.qualify(table);
			boolean missing = this.jdbc.sql("select to_regclass(?) is null").param(name).query(Boolean.class).single();
			if (missing) {
				throw new ResumableWsConfigurationException(
						"Table %s does not exist, and Liquibase, which would create it, is not on the classpath."
							.formatted(name),
						"Add org.liquibase:liquibase-core, or run the SQL files in dev/resumablews/schema/ of "
								+ "resumable-ws-autoconfigure's jar and set resumable-ws.schema.migrate=false.",
						null);
			}
		}
	}

}
