package dev.resumablews.testing;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails the test during which a token was logged. Registered for all tests, by the
 * service loader and {@code junit-platform.properties}.
 */
public final class LoggedTokensExtension implements AfterEachCallback, AfterAllCallback {

	@Override
	public void afterEach(ExtensionContext context) {
		LoggedTokens.assertNone();
	}

	@Override
	public void afterAll(ExtensionContext context) {
		LoggedTokens.assertNone();
	}

}
