package dev.resumablews.testing;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.io.support.SpringFactoriesLoader;

/**
 * What an application prints that could not start.
 */
public final class StartFailure {

	private StartFailure() {
	}

	/**
	 * Analyzes a failure with the analyzers of the class path, as Spring Boot does.
	 * @param failure what a context has failed with; null if it has not failed
	 * @return what is printed instead of a stack trace
	 * @throws AssertionError if the context has not failed, or a stack trace is printed
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
