package dev.resumablews.internal.node;

import java.time.Duration;
import java.util.Collection;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * Notifies the other nodes that there may be work for them, without describing it.
 * Notifications can be lost and can be spurious: a receiver checks for work itself, and
 * also checks periodically without a notification. Safe for use by many threads.
 */
public interface NodeNotifier {

	/**
	 * Notifies every other node. Does not block. Repeated calls may be combined into one
	 * notification.
	 * @param notification the kind of work
	 */
	void notifyOthers(NodeNotification notification);

	/**
	 * Notifies every other node that there may be replies to claim or to cancel.
	 */
	default void notifyOthers() {
		notifyOthers(NodeNotification.REPLIES);
	}

	/**
	 * Adds a listener for the notifications of other nodes.
	 * @param notification the kind of work to listen for
	 * @param listener runs on a shared thread; must return quickly and must not throw
	 * @param needed returns whether notifications are needed now; while it returns false
	 * they may be dropped, so that an idle node causes no load
	 */
	void onNotification(NodeNotification notification, Runnable listener, BooleanSupplier needed);

	/**
	 * Adds a listener for notifications about replies.
	 * @param listener as for
	 * {@link #onNotification(NodeNotification, Runnable, BooleanSupplier)}
	 * @param needed as for
	 * {@link #onNotification(NodeNotification, Runnable, BooleanSupplier)}
	 */
	default void onNotification(Runnable listener, BooleanSupplier needed) {
		onNotification(NodeNotification.REPLIES, listener, needed);
	}

	/**
	 * Notifies every other node that connections of sessions were opened or closed on
	 * this node. Does not block.
	 * @param sessionIds the sessions
	 */
	void connectionsChanged(Collection<UUID> sessionIds);

	/**
	 * Adds a listener for connections that other nodes open or close.
	 * @param listener called on shared threads; must return quickly and must not throw
	 */
	void onConnectionsChanged(ConnectionsListener listener);

	/**
	 * Returns the interval at which nodes check for work without a notification, because
	 * a notification may be lost.
	 * @return the interval
	 */
	Duration backstop();

	/**
	 * Returns a notifier without effect, for a node that has no cluster.
	 * @return a notifier that does nothing
	 */
	static NodeNotifier none() {
		return new NodeNotifier() {

			@Override
			public void notifyOthers(NodeNotification notification) {
			}

			@Override
			public void onNotification(NodeNotification notification, Runnable listener, BooleanSupplier needed) {
			}

			@Override
			public void connectionsChanged(Collection<UUID> sessionIds) {
			}

			@Override
			public void onConnectionsChanged(ConnectionsListener listener) {
			}

			@Override
			public Duration backstop() {
				return Duration.ofSeconds(5);
			}

		};
	}

	/**
	 * Receives changes in the connections of other nodes.
	 */
	interface ConnectionsListener {

		/**
		 * Called when connections of sessions were opened or closed.
		 * @param sessionIds the sessions
		 */
		void changed(Collection<UUID> sessionIds);

		/**
		 * Called when signals about any session may have been missed.
		 */
		void missed();

	}

}
