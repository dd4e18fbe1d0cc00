package dev.resumablews.internal.schema;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;

import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;

import org.springframework.util.ClassUtils;

/**
 * Migrates if the change log lacks a change set of this version. Otherwise it costs one
 * query and does not load Liquibase's classes. A newer version may have recorded more
 * change sets. A node that is migrating records each change set after its execution, so
 * all are recorded only when the tables are complete. A lock left in the change log by a
 * killed node matters only if a migration is needed.
 */
final class RequiredMigration implements SchemaMigration {

	private static final Duration WAIT_FOR_OTHER_NODE = Duration.ofMinutes(2);

	private static final String UNDEFINED_TABLE = "42P01";

	private final ChosenDataSource dataSource;

	private final ClassLoader classLoader;

	/**
	 * Creates a migration.
	 * @param dataSource the database
	 * @param classLoader the class loader to search for Liquibase
	 */
	RequiredMigration(ChosenDataSource dataSource, ClassLoader classLoader) {
		this.dataSource = dataSource;
		this.classLoader = classLoader;
	}

	@Override
	public void migrate(SchemaName schema) {
		try {
			SchemaInspector inspector = new SchemaInspector(this.dataSource.dataSource(), schema);
			if (isUpToDate(inspector)) {
				return;
			}
			// checked here, because a condition would load a class of Liquibase at each
			// start
			if (ClassUtils.isPresent("liquibase.Scope", this.classLoader)) {
				new LiquibaseSchemaMigration(this.dataSource.dataSource(), WAIT_FOR_OTHER_NODE).migrate(schema);
				requireMigrated(inspector.inspect());
			}
			else {
				requireTables(inspector.inspect());
			}
		}
		catch (SQLException | RuntimeException ex) {
			throw new StartFailures(this.dataSource, schema).explain(ex);
		}
	}

	private static boolean isUpToDate(SchemaInspector inspector) throws SQLException {
		InstalledSchema installed;
		try {
			installed = inspector.inspectWithChanges();
		}
		catch (SQLException ex) {
			if (UNDEFINED_TABLE.equals(ex.getSQLState())) {
				return false;
			}
			throw ex;
		}
		Set<String> changes = ChangeSets.read();
		if (!installed.changes().containsAll(changes)) {
			return false;
		}
		if (changes.containsAll(installed.changes())) {
			// a newer version may have replaced objects
			requireRecordedTables(installed);
		}
		SchemaProblems.requireAccess(installed);
		return true;
	}

	private static void requireRecordedTables(InstalledSchema installed) {
		if (!installed.missing().isEmpty()) {
			throw new ResumableWsConfigurationException(
					"The tables of resumable-ws are up to date according to the change log ws_databasechangelog, but these are missing: %s."
						.formatted(installed.missingNames()),
					"Restore it, or drop table ws_databasechangelog, so that the next start creates what is missing.");
		}
	}

	private static void requireMigrated(InstalledSchema installed) {
		if (!installed.missing().isEmpty()) {
			throw new ResumableWsConfigurationException(
					"These are missing from the schema after the migration of resumable-ws: %s. A pooler in transaction mode, such as PgBouncer, loses the search path between statements."
						.formatted(installed.missingNames()),
					"Run the SQL files in dev/resumablews/schema/ of resumable-ws-autoconfigure's jar over a direct connection.");
		}
		SchemaProblems.requireAccess(installed);
	}

	private static void requireTables(InstalledSchema installed) {
		if (!installed.missing().isEmpty()) {
			throw new ResumableWsConfigurationException(
					"These tables of resumable-ws are missing, and Liquibase, which would create them, is not on the class path: %s."
						.formatted(installed.missingNames()),
					("Remove the exclusion of org.liquibase:liquibase-core, or run %s in dev/resumablews/schema/ of "
							+ "resumable-ws-autoconfigure's jar.")
						.formatted(String.join(", ", installed.filesToRun())));
		}
		SchemaProblems.requireAccess(installed);
	}

}
