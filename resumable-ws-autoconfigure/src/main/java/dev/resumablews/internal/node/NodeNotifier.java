package dev.resumablews.internal.node;

import java.time.Duration;
import java.util.Collection;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * Tells the other nodes that there may be something to do for them, without saying what.
 * A ring may get lost, and one may come without a reason: those who hear it look for
 * themselves, and do so from time to time without it. Safe for use by many threads.
 */
public interface NodeNotifier {

	/**
	 * Rings at every other node. Does not block; many calls in a row may ring once.
	 * @param bell what there may be to do
	 */
	void ring(Bell bell);

	/**
	 * Rings at every other node, as there may be something to do for replies.
	 */
	default void ring() {
		ring(Bell.REPLIES);
	}

	/**
	 * Adds a listener for the rings of other nodes.
	 * @param bell what it listens to
	 * @param listener is run on a thread that has other things to do; must be fast and
	 * not throw
	 * @param needed returns whether rings are needed now; others may be lost, so that a
	 * node that has nothing to do costs nothing
	 */
	void onRing(Bell bell, Runnable listener, BooleanSupplier needed);

	/**
	 * Adds a listener for what there may be to do for replies.
	 * @param listener as for {@link #onRing(Bell, Runnable, BooleanSupplier)}
	 * @param needed as for {@link #onRing(Bell, Runnable, BooleanSupplier)}
	 */
	default void onRing(Runnable listener, BooleanSupplier needed) {
		onRing(Bell.REPLIES, listener, needed);
	}

	/**
	 * Tells every other node that connections of sessions were opened or closed here.
	 * Does not block.
	 * @param sessionIds the sessions
	 */
	void connectionsChanged(Collection<UUID> sessionIds);

	/**
	 * Adds a listener for the connections of other nodes.
	 * @param listener is called on threads that have other things to do; must be fast and
	 * not throw
	 */
	void onConnectionsChanged(ConnectionsListener listener);

	/**
	 * Returns how often nodes look by themselves, because a notification may be lost.
	 * @return the interval
	 */
	Duration backstop();

	/**
	 * Returns the doorbell of a node that is alone.
	 * @return a doorbell that nobody hears
	 */
	static NodeNotifier none() {
		return new NodeNotifier() {

			@Override
			public void ring(Bell bell) {
			}

			@Override
			public void onRing(Bell bell, Runnable listener, BooleanSupplier needed) {
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
	 * Learns that connections of other nodes have changed.
	 */
	interface ConnectionsListener {

		/**
		 * Connections of sessions were opened or closed.
		 * @param sessionIds the sessions
		 */
		void changed(Collection<UUID> sessionIds);

		/**
		 * A signal may have been missed, about any session.
		 */
		void missed();

	}

}
