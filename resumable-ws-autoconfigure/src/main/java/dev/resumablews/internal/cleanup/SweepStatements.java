package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.SessionRemoval;
import dev.resumablews.internal.log.SessionRemoval.Removed;
import dev.resumablews.internal.schema.SchemaName;

import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The statements of the sweeps and their common parameters. The settings are named
 * parameters, in seconds. Immutable.
 *
 * @param template runs statements of other packages
 * @param jdbc runs statements
 * @param database qualifies table names in statements of other packages
 * @param schema the schema of the tables
 * @param settings the settings
 */
record SweepStatements(JdbcTemplate template, JdbcClient jdbc, JdbcExecutor database, SchemaName schema,
		CleanupSettings settings) {

	/**
	 * Prepares a statement. Inserts the batch size into its text, because for an unknown
	 * limit the planner assumes a tenth of the table and reads all of it.
	 */
	JdbcClient.StatementSpec sql(String sql) {
		return this.jdbc.sql(this.schema.qualify(sql).replace(":limit", String.valueOf(this.settings.batchSize())));
	}

	/**
	 * Removes the next batch of locked sessions.
	 */
	Removed removeSessions(Collection<UUID> sessionIds) {
		if (sessionIds.isEmpty()) {
			return Removed.NOTHING;
		}
		ConnectionCallback<Removed> removal = (connection) -> SessionRemoval.remove(this.database.join(connection),
				sessionIds, this.settings.batchSize());
		return Objects.requireNonNull(this.template.execute(removal));
	}

	/**
	 * Runs a query that returns how many seconds the oldest row is overdue.
	 */
	Optional<Duration> overdue(String sql, Duration ttl) {
		double seconds = sql(sql).param("ttl", CleanupSettings.seconds(ttl)).query(Double.class).optional().orElse(0.0);
		return Optional.of(Duration.ofSeconds((long) Math.max(0, seconds)));
	}

}
