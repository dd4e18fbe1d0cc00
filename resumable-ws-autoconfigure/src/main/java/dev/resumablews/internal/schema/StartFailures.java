package dev.resumablews.internal.schema;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.jspecify.annotations.Nullable;

/**
 * Explains why the tables cannot be created, updated or used, based on the SQLSTATE. The
 * states are defined in appendix A of the Postgres manual.
 */
final class StartFailures {

	private static final String BY_HAND = "run the SQL files in dev/resumablews/schema/ of resumable-ws-autoconfigure's "
			+ "jar yourself and set resumable-ws.schema.migrate=false";

	private final ChosenDataSource dataSource;

	private final SchemaName schema;

	StartFailures(ChosenDataSource dataSource, SchemaName schema) {
		this.dataSource = dataSource;
		this.schema = schema;
	}

	/**
	 * Explains a failure.
	 * @param failure the exception
	 * @return the exception to throw instead
	 */
	RuntimeException explain(Exception failure) {
		if (failure instanceof ResumableWsConfigurationException explained) {
			return explained;
		}
		SQLException answer = answer(failure);
		if (answer == null) {
			return new IllegalStateException("Could not create or check the tables of resumable-ws", failure);
		}
		return explain(answer, failure);
	}

	private ResumableWsConfigurationException explain(SQLException answer, Exception failure) {
		String state = String.valueOf(answer.getSQLState());
		String reason = firstLine(answer);
		String database = this.dataSource.name();
		return switch (state) {
			case "28P01", "28000" -> new ResumableWsConfigurationException(
					"Postgres (%s) refused the login: %s".formatted(database, reason),
					"Correct spring.datasource.username and spring.datasource.password, or other settings that configure "
							+ "this DataSource.",
					failure);
			case "3D000" -> new ResumableWsConfigurationException(
					"Postgres (%s) does not have this database: %s".formatted(database, reason),
					"Create the database, or correct spring.datasource.url.", failure);
			case "42501" -> forbidden(reason, failure);
			case "42939",
					"42602" ->
				new ResumableWsConfigurationException(
						"Postgres refused the schema \"%s\" of resumable-ws.schema.name: %s"
							.formatted(this.schema.value(), reason),
						"Set resumable-ws.schema.name to a name that does not begin with pg_.", failure);
			case "42P05", "26000" -> new ResumableWsConfigurationException(
					"The connections to Postgres (%s) use a pooler in transaction mode, such as PgBouncer, which mixes up prepared statements: %s"
						.formatted(database, reason),
					"Add prepareThreshold=0 to the JDBC URL, for example '%s?prepareThreshold=0', or let the pooler keep prepared statements (max_prepared_statements of PgBouncer 1.21)."
						.formatted((this.dataSource.url() != null) ? database : "jdbc:postgresql://host/database"),
					failure);
			case "25006" -> new ResumableWsConfigurationException(
					"Postgres (%s) is read-only, for example a standby, so the tables of resumable-ws cannot be created: %s"
						.formatted(database, reason),
					"Use the URL of the primary, for example with targetServerType=primary.", failure);
			default -> explainClass(state, reason, failure);
		};
	}

	private ResumableWsConfigurationException explainClass(String state, String reason, Exception failure) {
		String database = this.dataSource.name();
		if (state.equals("null") || state.startsWith("08") || state.startsWith("57P") || state.startsWith("53")) {
			return new ResumableWsConfigurationException(
					"Postgres (%s) cannot be reached: %s".formatted(database, reason),
					"Start Postgres, or correct spring.datasource.url.", failure);
		}
		return new ResumableWsConfigurationException(
				"Postgres (%s) rejected a statement on the tables of resumable-ws with SQLSTATE %s: %s"
					.formatted(database, state, reason),
				"Run the SQL files in dev/resumablews/schema/ of resumable-ws-autoconfigure's jar with psql to see which "
						+ "statement it is; running them again does no harm.",
				failure);
	}

	private ResumableWsConfigurationException forbidden(String reason, Exception failure) {
		String role = role();
		String schema = this.schema.value().isEmpty() ? "chat" : this.schema.value();
		return new ResumableWsConfigurationException(
				"Role %s may not create or update the tables of resumable-ws in Postgres (%s): %s".formatted(role,
						this.dataSource.name(), reason),
				"Let an administrator run 'create schema %s authorization %s' and set resumable-ws.schema.name=%s, or %s."
					.formatted(schema, role, schema, BY_HAND),
				failure);
	}

	private String role() {
		try {
			return StartConnection.with(this.dataSource.dataSource(), true, (connection) -> {
				try (Statement statement = connection.createStatement();
						ResultSet row = statement.executeQuery("select quote_ident(current_user)")) {
					row.next();
					return row.getString(1);
				}
			});
		}
		catch (SQLException ex) {
			return "of the application";
		}
	}

	/**
	 * Finds the exception of Postgres, which drivers, pools and Liquibase wrap.
	 */
	private static @Nullable SQLException answer(Throwable failure) {
		SQLException answer = null;
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof SQLException sql && (answer == null || sql.getSQLState() != null)) {
				answer = sql;
			}
		}
		return answer;
	}

	private static String firstLine(SQLException ex) {
		return String.valueOf(ex.getMessage()).lines().findFirst().orElse("").replaceFirst("^(ERROR|FATAL): ", "");
	}

}
