package dev.resumablews;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Tells listeners what happens, one after the other. One that throws does no harm: not to
 * the other ones, and not to what has happened. Safe for use by many threads.
 */
final class GuardedListeners implements ResumableWsListener {

	private static final Log logger = LogFactory.getLog(GuardedListeners.class);

	private final List<ResumableWsListener> listeners;

	GuardedListeners(List<? extends ResumableWsListener> listeners) {
		this.listeners = List.copyOf(listeners);
	}

	@Override
	public void onHandshakeRefused(int status) {
		tell((listener) -> listener.onHandshakeRefused(status));
	}

	@Override
	public void onConnectionOpened(boolean resumed) {
		tell((listener) -> listener.onConnectionOpened(resumed));
	}

	@Override
	public void onConnectionClosed(int code) {
		tell((listener) -> listener.onConnectionClosed(code));
	}

	@Override
	public void onBatchStored(int events, Duration duration) {
		tell((listener) -> listener.onBatchStored(events, duration));
	}

	@Override
	public void onAppendRefused() {
		tell(ResumableWsListener::onAppendRefused);
	}

	@Override
	public void onEventsSent(int events, boolean replayed) {
		tell((listener) -> listener.onEventsSent(events, replayed));
	}

	@Override
	public void onReplyEnded(String outcome, Duration duration) {
		tell((listener) -> listener.onReplyEnded(outcome, duration));
	}

	@Override
	public void onCleanedUp(String what, long rows) {
		tell((listener) -> listener.onCleanedUp(what, rows));
	}

	private void tell(Consumer<ResumableWsListener> message) {
		for (ResumableWsListener listener : this.listeners) {
			try {
				message.accept(listener);
			}
			catch (Throwable ex) {
				logger.warn("A listener failed: " + listener.getClass().getName(), ex);
			}
		}
	}

}
