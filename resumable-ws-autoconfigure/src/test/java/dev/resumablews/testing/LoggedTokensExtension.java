package dev.resumablews.testing;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Extension that fails a test if a token was logged during it. Registered for all tests
 * by the service loader and {@code junit-platform.properties}.
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
