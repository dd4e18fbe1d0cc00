package dev.resumablews.internal.cluster;

import java.util.List;

import dev.resumablews.internal.concurrent.Outage;
import org.jspecify.annotations.Nullable;

/**
 * Carries short texts from each node to all others: doorbells, not mailboxes. One that is
 * lost costs time and nothing else, as every node also looks at the log by itself. The
 * exception are ephemeral events, which are carried whole, and may get lost.
 */
interface ClusterSignal extends AutoCloseable {

	/**
	 * Starts to receive, on threads of its own. Returns at once, also when what carries
	 * the signals is away; that is tried until it works.
	 */
	void start(Receiver receiver);

	/**
	 * Sends texts of no more than {@link SignalCodec#MAX_BYTES} bytes each, or
	 * {@link #maxEphemeralBytes()} for ephemeral events. Called by one thread at a time,
	 * which it may block for a bounded time.
	 * @throws Exception if they may not have been sent
	 */
	void send(List<String> texts) throws Exception;

	/**
	 * Returns how long a text that carries an ephemeral event may be.
	 * @return the number of bytes of UTF-8; 0 if there may be none, because texts are
	 * stored
	 */
	default int maxEphemeralBytes() {
		return SignalCodec.MAX_BYTES;
	}

	/**
	 * Returns what carries the signals.
	 * @return the value of the property that chooses it
	 */
	default String kind() {
		return "custom";
	}

	/**
	 * Returns whether texts arrive, as far as is known. Does not block.
	 * @return whether they do
	 */
	default boolean isConnected() {
		return outage() == null;
	}

	/**
	 * Returns since when texts do not arrive. Does not block.
	 * @return the outage; null if they arrive
	 */
	default @Nullable Outage outage() {
		return null;
	}

	/**
	 * Stops to receive. Nothing is sent after that, unless it is started again.
	 */
	@Override
	void close();

	/**
	 * Takes what is received. Neither blocks nor throws; any thread.
	 */
	interface Receiver {

		/**
		 * Takes a text, perhaps one of this node's own.
		 */
		void received(String text);

		/**
		 * Is told when texts may have been missed, after a connection was made or because
		 * none were needed.
		 */
		void missed();

		/**
		 * Returns whether texts are needed now. Others may be missed.
		 */
		boolean needed();

	}

}
