package dev.resumablews.internal.cluster;

import java.util.List;

import dev.resumablews.internal.concurrent.Outage;
import org.jspecify.annotations.Nullable;

/**
 * Transport that broadcasts short signals from each node to all others. A signal names
 * sessions or a kind of work, but carries no events. A lost signal causes a delay and
 * nothing else, because every node also polls the log. Ephemeral events are the
 * exception: they are carried as a whole and may be lost.
 */
interface ClusterSignal extends AutoCloseable {

	/**
	 * Starts to receive on its own threads. Returns immediately, also when the transport
	 * is unavailable; connecting is retried until it succeeds.
	 */
	void start(Receiver receiver);

	/**
	 * Sends signals of at most {@link SignalCodec#MAX_BYTES} bytes each, or
	 * {@link #maxEphemeralBytes()} for ephemeral events. Called by one thread at a time,
	 * which it may block for a bounded time.
	 * @throws Exception if the signals may not have been sent
	 */
	void send(List<String> texts) throws Exception;

	/**
	 * Returns the maximum size of a signal that carries an ephemeral event.
	 * @return the number of bytes of UTF-8; 0 if ephemeral events are not supported,
	 * because signals are stored
	 */
	default int maxEphemeralBytes() {
		return SignalCodec.MAX_BYTES;
	}

	/**
	 * Returns the kind of this transport.
	 * @return the value of the property that selects it
	 */
	default String kind() {
		return "custom";
	}

	/**
	 * Returns whether signals are known to arrive. Does not block.
	 * @return whether they arrive
	 */
	default boolean isConnected() {
		return outage() == null;
	}

	/**
	 * Returns the current outage of receiving. Does not block.
	 * @return the outage; null if signals arrive
	 */
	default @Nullable Outage outage() {
		return null;
	}

	/**
	 * Stops receiving. No signal is sent afterwards, unless this is started again.
	 */
	@Override
	void close();

	/**
	 * Receives signals. Methods neither block nor throw, and are called on any thread.
	 */
	interface Receiver {

		/**
		 * Called with a signal, which may be one of this node.
		 */
		void received(String text);

		/**
		 * Called when signals may have been missed: after a connection was established,
		 * or after a time in which none were needed.
		 */
		void missed();

		/**
		 * Returns whether signals are needed now. While they are not, they may be
		 * dropped.
		 */
		boolean needed();

	}

}
