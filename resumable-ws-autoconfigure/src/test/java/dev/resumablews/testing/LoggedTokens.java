package dev.resumablews.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.UnsynchronizedAppenderBase;

/**
 * Appender that searches all log events above DEBUG for tokens. It is part of the Logback
 * configuration of the tests; {@link LoggedTokensExtension} fails the test in or after
 * which a token was logged. Safe for use by many threads.
 */
public final class LoggedTokens extends UnsynchronizedAppenderBase<ILoggingEvent> {

	/**
	 * A JSON object in base64, as in the header and the claims of every JSON Web Token.
	 */
	private static final Pattern TOKEN = Pattern.compile("eyJ[A-Za-z0-9_-]{17,}");

	private static final Queue<String> FOUND = new ConcurrentLinkedQueue<>();

	/**
	 * Asserts that no token was logged since the last call.
	 */
	public static void assertNone() {
		List<String> lines = new ArrayList<>();
		for (String line = FOUND.poll(); line != null; line = FOUND.poll()) {
			lines.add(line);
		}
		if (!lines.isEmpty()) {
			throw new AssertionError("A token was logged above DEBUG: " + lines);
		}
	}

	/**
	 * Asserts that a text contains no token, such as the output of another process.
	 * @param text the text, without lines at DEBUG
	 */
	public static void assertNoneIn(String text) {
		text.lines().filter((line) -> TOKEN.matcher(line).find()).findFirst().ifPresent((line) -> {
			throw new AssertionError("A token was logged: " + line);
		});
	}

	@Override
	protected void append(ILoggingEvent event) {
		if (event.getLevel().isGreaterOrEqual(Level.INFO)) {
			String text = text(event);
			if (TOKEN.matcher(text).find()) {
				FOUND.add(text);
			}
		}
	}

	private static String text(ILoggingEvent event) {
		IThrowableProxy thrown = event.getThrowableProxy();
		return event.getLevel() + " [" + event.getThreadName() + "] " + event.getLoggerName() + " - "
				+ event.getFormattedMessage() + ((thrown != null) ? "\n" + ThrowableProxyUtil.asString(thrown) : "");
	}

}
