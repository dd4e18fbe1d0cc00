package dev.resumablews.internal.handshake;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Turns a {@link JwtSetupException} into the two sentences that whoever starts the
 * application needs.
 */
final class JwtSetupFailureAnalyzer extends AbstractFailureAnalyzer<JwtSetupException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, JwtSetupException cause) {
		return new FailureAnalysis(String.valueOf(cause.getMessage()), cause.action(), cause);
	}

}
