package dev.resumablews.faults;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import org.slf4j.LoggerFactory;

/**
 * Appender that records events at WARN and ERROR until it is closed. Must be created
 * after the start of the server, which configures logging.
 */
final class LoggedWarnings extends UnsynchronizedAppenderBase<ILoggingEvent> implements AutoCloseable {

	/**
	 * Loggers of Spring for paths other than the endpoint.
	 */
	private static final Set<String> IGNORED_LOGGERS = Set.of(
			"org.springframework.web.servlet.resource.ResourceHandlerUtils",
			"org.springframework.boot.webmvc.autoconfigure.WelcomePageHandlerMapping");

	private static final int MAX_LINES = 20;

	private final List<String> lines = new CopyOnWriteArrayList<>();

	private final Logger root;

	LoggedWarnings() {
		LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
		this.root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
		setContext(context);
		start();
		this.root.addAppender(this);
	}

	/**
	 * Returns the first lines, including stack traces.
	 */
	List<String> lines() {
		return List.copyOf(this.lines);
	}

	@Override
	protected void append(ILoggingEvent event) {
		if (event.getLevel().isGreaterOrEqual(Level.WARN) && this.lines.size() < MAX_LINES
				&& !IGNORED_LOGGERS.contains(event.getLoggerName())) {
			IThrowableProxy thrown = event.getThrowableProxy();
			this.lines.add(event.getLevel() + " " + event.getLoggerName() + " - " + event.getFormattedMessage()
					+ ((thrown != null) ? "\n" + ThrowableProxyUtil.asString(thrown) : ""));
		}
	}

	@Override
	public void close() {
		this.root.detachAppender(this);
		stop();
	}

}
