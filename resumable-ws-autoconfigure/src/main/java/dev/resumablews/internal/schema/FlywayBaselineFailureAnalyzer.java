package dev.resumablews.internal.schema;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;

/**
 * Explains Flyway's refusal to begin in a schema that has tables already, as it has when
 * Flyway is added to an application that uses this library. Knows Flyway's exception by
 * its name, as Flyway need not be there.
 */
final class FlywayBaselineFailureAnalyzer implements FailureAnalyzer {

	private static final String EXCEPTION = "org.flywaydb.core.api.FlywayException";

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			String message = String.valueOf(cause.getMessage());
			if (cause.getClass().getName().equals(EXCEPTION) && message.contains("no schema history table")) {
				return new FailureAnalysis(
						"Flyway does not begin in a schema that has tables, such as those of resumable-ws: "
								+ message.lines().findFirst().orElse(""),
						"Set spring.flyway.baseline-on-migrate=true and spring.flyway.baseline-version=0, or move the tables of resumable-ws to a schema named in resumable-ws.schema.name.",
						cause);
			}
		}
		return null;
	}

}
