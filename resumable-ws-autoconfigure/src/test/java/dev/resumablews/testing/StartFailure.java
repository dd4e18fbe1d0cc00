package dev.resumablews.testing;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.io.support.SpringFactoriesLoader;

/**
 * Analyzes why an application failed to start.
 */
public final class StartFailure {

	private StartFailure() {
	}

	/**
	 * Analyzes a failure with the failure analyzers on the class path, as Spring Boot
	 * does.
	 * @param failure the failure of the context; null if it has not failed
	 * @return the analysis that Spring Boot prints instead of a stack trace
	 * @throws AssertionError if the context has not failed, or no analyzer handles the
	 * failure
	 */
	public static FailureAnalysis analyze(@Nullable Throwable failure) {
		if (failure == null) {
			throw new AssertionError("The context has not failed");
		}
		return SpringFactoriesLoader.forDefaultResourceLocation()
			.load(FailureAnalyzer.class, SpringFactoriesLoader.FailureHandler.handleMessage((message, problem) -> {
			}))
			.stream()
			.map((analyzer) -> analyzer.analyze(failure))
			.filter(Objects::nonNull)
			.findFirst()
			.orElseThrow(() -> new AssertionError("The failure would be printed as a stack trace", failure));
	}

}
