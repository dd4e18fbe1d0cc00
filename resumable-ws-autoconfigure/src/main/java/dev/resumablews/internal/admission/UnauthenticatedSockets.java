package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.concurrent.Monitors;
import dev.resumablews.internal.connection.ClientChannel;
import dev.resumablews.internal.handshake.ConnectionLimiter.Decision;
import dev.resumablews.internal.handshake.PendingHandshake;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.workers.ListeningClock;
import dev.resumablews.internal.workers.Workers;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The unauthenticated WebSockets of this node. Limits their number, per address and in
 * total. Safe for use by many threads.
 */
public final class UnauthenticatedSockets {

	private static final Log logger = LogFactory.getLog(UnauthenticatedSockets.class);

	private final FirstMessageSettings settings;

	private final Workers workers;

	private final LongSupplier clock;

	private final FrameReader reader = new FrameReader();

	/**
	 * Places by network.
	 */
	private final ConnectionPlaces places = new ConnectionPlaces();

	private final Set<UnauthenticatedSocket> all = ConcurrentHashMap.newKeySet();

	private volatile boolean closing;

	/**
	 * Creates the sockets of a node.
	 * @param clock the time of {@link ListeningClock}
	 */
	UnauthenticatedSockets(FirstMessageSettings settings, Workers workers, LongSupplier clock) {
		this.settings = settings;
		this.workers = workers;
		this.clock = clock;
	}

	/**
	 * Decides whether to admit another socket, and reserves a place for an admitted one.
	 * @param network what its address is counted with
	 * @param left the number of further connections the node may have, including this one
	 */
	Decision admit(String network, int left) {
		this.places.reserve(network, System.nanoTime());
		Decision decision = judge(network, left);
		if (decision != Decision.ADMITTED) {
			this.places.cancel(network);
		}
		return decision;
	}

	private Decision judge(String network, int left) {
		if (this.places.of(network) > this.settings.maxPerAddress()) {
			return Decision.TOO_MANY_UNAUTHENTICATED_OF_ADDRESS;
		}
		if (this.places.total() > this.settings.maxTotal()) {
			return Decision.TOO_MANY_UNAUTHENTICATED;
		}
		return (this.places.total() > left) ? Decision.FULL : Decision.ADMITTED;
	}

	/**
	 * Releases the place of an admitted socket that is not opened.
	 */
	void cancel(String network) {
		this.places.cancel(network);
	}

	/**
	 * Adds a socket whose handshake was admitted.
	 * @return the socket, which waits for its first message
	 */
	public UnauthenticatedSocket add(PendingHandshake handshake, ClientChannel channel,
			UnauthenticatedSocket.Listener listener) {
		UnauthenticatedSocket socket = new UnauthenticatedSocket(this, handshake, channel,
				new FirstMessage(this.reader), listener);
		this.places.take(socket.network());
		this.all.add(socket);
		if (this.closing) {
			socket.close(CloseCode.RESTART);
		}
		return socket;
	}

	/**
	 * Stops counting a socket.
	 */
	void uncount(String network) {
		this.places.free(network);
	}

	/**
	 * Removes a socket that is authenticated or closed.
	 */
	void remove(UnauthenticatedSocket socket) {
		this.all.remove(socket);
		closed();
	}

	/**
	 * Records that a socket is closed or authenticated.
	 */
	void closed() {
		if (this.closing) {
			synchronized (this) {
				notifyAll();
			}
		}
	}

	/**
	 * Returns the number of sockets, including those whose handshake is in progress.
	 */
	int total() {
		return this.places.total();
	}

	/**
	 * Returns the time within which a client must send its first message.
	 */
	Duration timeout() {
		return this.settings.timeout();
	}

	Workers workers() {
		return this.workers;
	}

	/**
	 * Returns the time of {@link ListeningClock}.
	 */
	long time() {
		return this.clock.getAsLong();
	}

	/**
	 * Starts to accept sockets.
	 */
	void start() {
		this.closing = false;
	}

	/**
	 * Closes all sockets, including those whose handshake is still in progress when they
	 * open.
	 */
	void closeAll() {
		this.closing = true;
		this.all.forEach((socket) -> socket.close(CloseCode.RESTART));
	}

	/**
	 * Waits until all sockets are closed, but not for running verifications.
	 * @param deadline when to stop waiting, as a {@link System#nanoTime()}
	 */
	synchronized void awaitNone(long deadline) throws InterruptedException {
		Monitors.await(this, () -> this.all.stream().allMatch(UnauthenticatedSocket::isGone), deadline);
	}

	/**
	 * Checks all sockets. If one check fails, the others still run.
	 * @param now the time of {@link ListeningClock}
	 */
	void watch(long now) {
		this.places.expire(System.nanoTime());
		for (UnauthenticatedSocket socket : this.all) {
			try {
				socket.watch(now);
			}
			catch (Throwable ex) {
				logger.warn("A WebSocket could not be checked", ex);
			}
		}
	}

}
