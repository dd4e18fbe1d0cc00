package dev.resumablews.internal.schema;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Map;
import java.util.logging.Level;

import javax.sql.DataSource;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import liquibase.ContextExpression;
import liquibase.Labels;
import liquibase.Scope;
import liquibase.UpdateSummaryEnum;
import liquibase.analytics.configuration.AnalyticsArgs;
import liquibase.changelog.ChangeLogParameters;
import liquibase.changelog.DatabaseChangeLog;
import liquibase.changelog.FastCheckService;
import liquibase.command.CommandScope;
import liquibase.command.core.UpdateCommandStep;
import liquibase.command.core.helpers.DatabaseChangelogCommandStep;
import liquibase.command.core.helpers.DbUrlConnectionArgumentsCommandStep;
import liquibase.command.core.helpers.ShowSummaryArgument;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.LiquibaseException;
import liquibase.integration.spring.SpringResourceAccessor;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;
import liquibase.ui.LoggerUIService;

import org.springframework.core.io.DefaultResourceLoader;

/**
 * Creates and updates the tables with Liquibase. Does not define a Liquibase bean,
 * because that would disable the application's migrations. For the same reason, the
 * tables of the change log have separate names.
 * <p>
 * One node at a time migrates:
 * <ol>
 * <li>An open transaction on one connection takes an advisory lock. This works through a
 * transaction pooler, and the lock is released if its node dies.</li>
 * <li>The holder is alone, so a Liquibase lock found set was left by a node that died,
 * and is released.</li>
 * <li>Liquibase runs on a second connection, which takes a lock for the lifetime of its
 * backend.</li>
 * </ol>
 * <p>
 * A change is committed before it is recorded, and the node may be killed in between.
 * Therefore all statements of the files are idempotent.
 */
final class LiquibaseSchemaMigration implements SchemaMigration {

	private static final String CHANGES = "resumable-ws schema changes";

	private static final String LOCK_NOT_AVAILABLE = "55P03";

	private final DataSource dataSource;

	private final Duration waitForOtherNode;

	/**
	 * Creates a migration.
	 * @param dataSource must provide two connections at the same time
	 * @param waitForOtherNode maximum time to wait for another node's migration
	 */
	LiquibaseSchemaMigration(DataSource dataSource, Duration waitForOtherNode) {
		this.dataSource = dataSource;
		this.waitForOtherNode = waitForOtherNode;
	}

	@Override
	public void migrate(SchemaName schema) {
		try (Connection guard = this.dataSource.getConnection()) {
			boolean autoCommit = guard.getAutoCommit();
			guard.setAutoCommit(false);
			try {
				lock(guard, "select pg_advisory_xact_lock(hashtextextended(?, 0))", "resumable-ws schema");
				migrateAlone(schema);
			}
			finally {
				guard.rollback();
				guard.setAutoCommit(autoCommit);
			}
		}
		catch (ResumableWsConfigurationException ex) {
			throw ex;
		}
		catch (Exception ex) {
			throw new IllegalStateException("Could not create or update the tables of resumable-ws", ex);
		}
	}

	private void lock(Connection guard, String sql, String name) throws SQLException {
		try {
			query(guard, """
					select set_config('lock_timeout', ?, true), set_config('statement_timeout', '0', true),
						set_config('idle_in_transaction_session_timeout', '0', true)
					""", this.waitForOtherNode.toMillis() + "ms");
			query(guard, sql, name);
		}
		catch (SQLException ex) {
			if (LOCK_NOT_AVAILABLE.equals(ex.getSQLState())) {
				throw new ResumableWsConfigurationException(
						"Another node has been updating the tables of resumable-ws for more than %d seconds."
							.formatted(this.waitForOtherNode.toSeconds()),
						"Find the session in pg_locks that holds an advisory lock in this database, see what it waits "
								+ "for, and start this node again.",
						ex);
			}
			throw ex;
		}
	}

	private void migrateAlone(SchemaName schema) throws Exception {
		try (Connection connection = secondConnection()) {
			boolean autoCommit = connection.getAutoCommit();
			connection.setAutoCommit(true);
			String searchPath = query(connection, "select current_setting('search_path')");
			try {
				awaitChangesOfDeadNode(connection);
				useSchema(connection, schema);
				update(connection);
			}
			finally {
				connection.setAutoCommit(true);
				query(connection, "select set_config('search_path', ?, false)", searchPath);
				query(connection, "select pg_advisory_unlock(hashtextextended(?, 0))", CHANGES);
				connection.setAutoCommit(autoCommit);
			}
		}
	}

	/**
	 * Waits for a statement of a killed node. A backend that builds an index detects the
	 * death of its node only at the end, long after the guard's backend.
	 */
	private void awaitChangesOfDeadNode(Connection connection) throws SQLException {
		connection.setAutoCommit(false);
		lock(connection, "select pg_advisory_lock(hashtextextended(?, 0))", CHANGES);
		connection.commit();
		connection.setAutoCommit(true);
	}

	private Connection secondConnection() throws SQLException {
		try {
			return this.dataSource.getConnection();
		}
		catch (SQLTransientConnectionException ex) {
			throw new ResumableWsConfigurationException(
					"Updating the tables of resumable-ws needs two database connections at the same time, but the "
							+ "pool gave only one: " + ex.getMessage(),
					"Let the pool have at least two connections, for example with "
							+ "spring.datasource.hikari.maximum-pool-size.",
					ex);
		}
	}

	private void useSchema(Connection connection, SchemaName schema) throws SQLException {
		if (!schema.value().isEmpty()) {
			// "create schema if not exists" requires a privilege even if the schema
			// exists
			if (query(connection, "select nspname from pg_namespace where nspname = ?", schema.value()).isEmpty()) {
				try (PreparedStatement create = connection
					.prepareStatement("create schema \"" + schema.value() + "\"")) {
					create.execute();
				}
			}
			query(connection, "select set_config('search_path', quote_ident(?), false)", schema.value());
		}
		if (query(connection, "select current_schema()").isEmpty()) {
			throw new ResumableWsConfigurationException(
					"The database connection has no current schema in which to create the tables.",
					"Set resumable-ws.schema.name.");
		}
	}

	private void update(Connection connection) throws Exception {
		ClassLoader classLoader = LiquibaseSchemaMigration.class.getClassLoader();
		Map<String, Object> scope = Map.of(Scope.Attr.classLoader.name(), classLoader,
				Scope.Attr.resourceAccessor.name(), new SpringResourceAccessor(new DefaultResourceLoader(classLoader)),
				Scope.Attr.logService.name(), new QuietLiquibaseLog(), Scope.Attr.ui.name(), new LoggerUIService(),
				AnalyticsArgs.ENABLED.getKey(), false, AnalyticsArgs.LOG_LEVEL.getKey(), Level.FINE);
		String schema = query(connection, "select current_schema()");
		Scope.child(scope, () -> {
			Database database = DatabaseFactory.getInstance()
				.findCorrectDatabaseImplementation(new JdbcConnection(connection));
			database.setDefaultSchemaName(schema);
			database.setLiquibaseSchemaName(schema);
			database.setDatabaseChangeLogTableName("ws_databasechangelog");
			database.setDatabaseChangeLogLockTableName("ws_databasechangeloglock");
			releaseLeftOverLock(database);
			// caches the change log by URL, even if its tables were dropped
			Scope.getCurrentScope().getSingleton(FastCheckService.class).clearCache();
			new CommandScope(UpdateCommandStep.COMMAND_NAME)
				.addArgumentValue(DbUrlConnectionArgumentsCommandStep.DATABASE_ARG, database)
				.addArgumentValue(UpdateCommandStep.CHANGELOG_FILE_ARG, SchemaFiles.FOLDER)
				.addArgumentValue(DatabaseChangelogCommandStep.CHANGELOG_ARG, changeLog(database))
				.addArgumentValue(ShowSummaryArgument.SHOW_SUMMARY, UpdateSummaryEnum.OFF)
				.execute();
		});
	}

	/**
	 * Creates the change log. The identity of each change set includes its file, as if
	 * the file had been run alone.
	 */
	private static DatabaseChangeLog changeLog(Database database) throws LiquibaseException {
		DatabaseChangeLog changeLog = new DatabaseChangeLog(SchemaFiles.FOLDER);
		changeLog.setChangeLogParameters(new ChangeLogParameters(database));
		for (String file : SchemaFiles.inOrder()) {
			changeLog.include(file, false, true, Scope.getCurrentScope().getResourceAccessor(), new ContextExpression(),
					new Labels(), false, null, DatabaseChangeLog.OnUnknownFileFormat.FAIL);
		}
		return changeLog;
	}

	private void releaseLeftOverLock(Database database) throws Exception {
		LockService lock = LockServiceFactory.getInstance().getLockService(database);
		if (lock.listLocks().length > 0) {
			lock.forceReleaseLock();
		}
	}

	private static String query(Connection connection, String sql, String... parameters) throws SQLException {
		try (PreparedStatement statement = connection.prepareStatement(sql)) {
			for (int i = 0; i < parameters.length; i++) {
				statement.setString(i + 1, parameters[i]);
			}
			try (ResultSet rows = statement.executeQuery()) {
				String value = rows.next() ? rows.getString(1) : null;
				return (value != null) ? value : "";
			}
		}
	}

}
