package dev.resumablews.internal.failure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Presents a {@link ResumableWsConfigurationException} as a description and an action
 * instead of a stack trace.
 */
final class ConfigurationFailureAnalyzer extends AbstractFailureAnalyzer<ResumableWsConfigurationException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, ResumableWsConfigurationException cause) {
		return new FailureAnalysis(cause.description(), cause.action(), cause);
	}

}
