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
 * The WebSockets of this node whose clients have not said who they are, so many of each
 * address and so many in all. Safe for use by many threads.
 */
public final class UnauthenticatedSockets {

	private static final Log logger = LogFactory.getLog(UnauthenticatedSockets.class);

	private final FirstMessageSettings settings;

	private final Workers workers;

	private final LongSupplier clock;

	private final FrameReader reader = new FrameReader();

	/**
	 * By network.
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
	 * Decides whether there is room for another socket, and reserves a place for it.
	 * @param network what its address is counted with
	 * @param left how many further connections the node may have, this one included
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
	 * Gives the place back of a socket that was admitted and will not come.
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
	 * Counts a socket no longer.
	 */
	void uncount(String network) {
		this.places.free(network);
	}

	/**
	 * Forgets a socket whose client is authenticated, or gone.
	 */
	void remove(UnauthenticatedSocket socket) {
		this.all.remove(socket);
		closed();
	}

	/**
	 * Notes that a socket is closed, or authenticated.
	 */
	void closed() {
		if (this.closing) {
			synchronized (this) {
				notifyAll();
			}
		}
	}

	/**
	 * Returns how many there are, with those whose handshake is not done yet.
	 */
	int total() {
		return this.places.total();
	}

	/**
	 * Returns how long a client may take to send its first message.
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
	 * Leaves sockets open from now on.
	 */
	void start() {
		this.closing = false;
	}

	/**
	 * Closes all sockets, and those whose handshake is not done yet as soon as they are
	 * there.
	 */
	void closeAll() {
		this.closing = true;
		this.all.forEach((socket) -> socket.close(CloseCode.RESTART));
	}

	/**
	 * Waits until all sockets are closed. Their verifications are not waited for.
	 * @param deadline when to stop waiting, as a {@link System#nanoTime()}
	 */
	synchronized void awaitNone(long deadline) throws InterruptedException {
		Monitors.await(this, () -> this.all.stream().allMatch(UnauthenticatedSocket::isGone), deadline);
	}

	/**
	 * Looks at all sockets. One that fails keeps no other from being looked at.
	 * @param now the time of {@link ListeningClock}
	 */
	void watch(long now) {
		this.places.expire(System.nanoTime());
		for (UnauthenticatedSocket socket : this.all) {
			try {
				socket.watch(now);
			}
			catch (Throwable ex) {
				logger.warn("A WebSocket could not be watched", ex);
			}
		}
	}

}
