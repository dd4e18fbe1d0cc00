package dev.resumablews.internal.schema;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says in two sentences why there are no tables, instead of a stack trace.
 */
final class SchemaFailureAnalyzer extends AbstractFailureAnalyzer<SchemaUnavailableException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, SchemaUnavailableException cause) {
		@Nullable String description = cause.getMessage();
		return new FailureAnalysis(description, cause.action(), cause);
	}

}
