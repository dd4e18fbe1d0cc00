package dev.resumablews.internal.schema;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;

/**
 * {@link FailureAnalyzer} for Flyway's refusal to migrate a non-empty schema without a
 * history table, which happens when Flyway is added to an application that uses this
 * library. Compares the exception's class by name, because Flyway is optional.
 */
final class FlywayBaselineFailureAnalyzer implements FailureAnalyzer {

	private static final String EXCEPTION = "org.flywaydb.core.api.FlywayException";

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			String message = String.valueOf(cause.getMessage());
			if (cause.getClass().getName().equals(EXCEPTION) && message.contains("no schema history table")) {
				return new FailureAnalysis(
						"Flyway refuses to migrate a schema that already has tables, such as those of resumable-ws: "
								+ message.lines().findFirst().orElse(""),
						"Set spring.flyway.baseline-on-migrate=true and spring.flyway.baseline-version=0, or move the tables of resumable-ws to a schema named in resumable-ws.schema.name.",
						cause);
			}
		}
		return null;
	}

}
