package dev.resumablews.testing;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

/**
 * Tests that a test fails if it logs a token.
 */
class LoggedTokensTests {

	private static final Log logger = LogFactory.getLog(LoggedTokensTests.class);

	@Test
	void aTokenIsFoundInMessagesAndExceptions() {
		String token = Tokens.forUser("alice");
		assertFound(() -> logger.warn("Closing ws://localhost/ws?token=" + token));
		assertFound(() -> logger.error("failed", new IllegalStateException("outer", new IllegalStateException(token))));
		assertFound(() -> logger.warn("the claims are " + token.split("\\.")[1]));
		assertFound(() -> logger.warn("jwt-" + Tokens.forged("alice") + ", resumable-ws.v1"));
		assertThatCode(LoggedTokens::assertNone).doesNotThrowAnyException();
	}

	@Test
	void textsThatOnlyResembleTokensAreIgnored() {
		logger.warn("a token of alice was refused: ey, eyJ, eyJhbGciOiJI");
		assertThatCode(LoggedTokens::assertNone).doesNotThrowAnyException();
	}

	@Test
	void aTokenMayBeLoggedAtDebug() {
		LoggingSystem logging = LoggingSystem.get(getClass().getClassLoader());
		logging.setLogLevel(getClass().getName(), LogLevel.DEBUG);
		try {
			logger.debug(Tokens.forUser("alice"));
			assertThatCode(LoggedTokens::assertNone).doesNotThrowAnyException();
		}
		finally {
			logging.setLogLevel(getClass().getName(), null);
		}
	}

	@Test
	void aTokenIsFoundAfterAnApplicationHasConfiguredLogging() {
		new SpringApplicationBuilder(Object.class).web(WebApplicationType.NONE)
			.run("--spring.main.banner-mode=off")
			.close();
		assertFound(() -> logger.warn(Tokens.forUser("alice")));
	}

	@Test
	void aTokenIsFoundInTheOutputOfAnotherProcess() {
		assertThatCode(() -> LoggedTokens.assertNoneIn("one\ntwo")).doesNotThrowAnyException();
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> LoggedTokens.assertNoneIn("one\nGET /ws?token=" + Tokens.forUser("alice")));
	}

	@Test
	void aTestThatLogsATokenFails() {
		LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
			.selectors(selectClass(Leaking.class))
			.build();
		SummaryGeneratingListener listener = new SummaryGeneratingListener();
		LauncherFactory.create().execute(request, listener);
		TestExecutionSummary summary = listener.getSummary();
		assertThat(summary.getTestsFailedCount()).isOne();
		assertThat(summary.getFailures().get(0).getException()).hasMessageContaining("A token was logged above DEBUG");
	}

	private static void assertFound(Runnable logging) {
		logging.run();
		assertThatExceptionOfType(AssertionError.class).isThrownBy(LoggedTokens::assertNone)
			.withMessageContaining("A token was logged above DEBUG");
	}

	/**
	 * Not run by Surefire because of its name.
	 */
	static class Leaking {

		@Test
		void logsAToken() {
			logger.warn(Tokens.forUser("alice"));
		}

	}

}
