package dev.resumablews.internal.feed;

import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The registered {@link CommitListener}s. Listeners register themselves, so the log does
 * not depend on them. A listener that throws does not affect the log. Safe for use by
 * many threads.
 */
public final class CommitListeners {

	private static final Log logger = LogFactory.getLog(CommitListeners.class);

	private final List<CommitListener> listeners = new CopyOnWriteArrayList<>();

	public CommitListeners() {
	}

	/**
	 * Adds a listener, which receives every commit from now on.
	 * @param listener the listener
	 */
	public void add(CommitListener listener) {
		this.listeners.add(listener);
	}

	public void committed(Collection<UUID> sessionIds) {
		for (CommitListener listener : this.listeners) {
			try {
				listener.onCommitted(sessionIds);
			}
			catch (RuntimeException ex) {
				// a listener's failure does not undo the commit
				logger.warn("A listener failed: " + listener.getClass().getName(), ex);
			}
		}
	}

}
