package dev.resumablews.internal.schema;

import java.sql.SQLException;

import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.context.SmartLifecycle;

/**
 * Checks tables that were not created by the library, before other components start. Runs
 * at start-up and not at bean creation, because a training run for an AOT cache creates
 * the beans without a database.
 */
final class SchemaCheck implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(SchemaCheck.class);

	private static final String READ_ONLY = "25006";

	private final ChosenDataSource dataSource;

	private final SchemaName schema;

	private volatile boolean running;

	SchemaCheck(ChosenDataSource dataSource, SchemaName schema) {
		this.dataSource = dataSource;
		this.schema = schema;
	}

	@Override
	public void start() {
		try {
			check();
		}
		catch (SQLException | RuntimeException ex) {
			throw new StartFailures(this.dataSource, this.schema).explain(ex);
		}
		this.running = true;
	}

	@Override
	public void stop() {
		this.running = false;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public boolean isPauseable() {
		return false;
	}

	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

	private void check() throws SQLException {
		InstalledSchema installed = new SchemaInspector(this.dataSource.dataSource(), this.schema).inspect();
		if (installed.unusable().isEmpty() && !installed.missing().isEmpty()) {
			throw new ResumableWsConfigurationException(
					"resumable-ws.schema.migrate is false, and these are missing in %s: %s.".formatted(place(),
							installed.missingNames()),
					"Run %s in dev/resumablews/schema/ of resumable-ws-autoconfigure's jar, or set resumable-ws.schema.migrate=true."
						.formatted(String.join(", ", installed.filesToRun())));
		}
		SchemaProblems.requireAccess(installed);
		try {
			new WriteCheck(this.dataSource.dataSource(), this.schema).run(installed.role());
		}
		catch (SQLException ex) {
			if (!READ_ONLY.equals(ex.getSQLState())) {
				throw ex;
			}
			logger.warn("Postgres is currently read-only, so no events can be stored: " + ex.getMessage());
		}
	}

	private String place() {
		return this.schema.value().isEmpty() ? "the search path of the connection"
				: "the schema '%s' of resumable-ws.schema.name".formatted(this.schema.value());
	}

}
