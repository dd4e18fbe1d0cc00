package dev.resumablews.log;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

import dev.resumablews.ResumableWsListener;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Tells what happens to the log. One that throws does no harm: what was stored stays
 * stored, and the log's threads go on. Safe for use by many threads.
 */
final class LogListeners {

	private static final Log logger = LogFactory.getLog(LogListeners.class);

	private final List<ResumableWsListener> listeners;

	LogListeners(List<ResumableWsListener> listeners) {
		this.listeners = List.copyOf(listeners);
	}

	void batchStored(int events, Duration duration) {
		tell((listener) -> listener.onBatchStored(events, duration));
	}

	void appendRefused() {
		tell(ResumableWsListener::onAppendRefused);
	}

	private void tell(Consumer<ResumableWsListener> message) {
		for (ResumableWsListener listener : this.listeners) {
			try {
				message.accept(listener);
			}
			catch (RuntimeException ex) {
				logger.warn("A listener failed: " + listener.getClass().getName(), ex);
			}
		}
	}

}
