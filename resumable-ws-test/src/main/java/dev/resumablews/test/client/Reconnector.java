package dev.resumablews.test.client;

import java.time.Duration;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Connects a client in the background, and reconnects whenever its connection ends. Gives
 * up after a close code or status that the protocol defines as final, or when it cannot
 * connect for as long as the time-out. Safe for use by many threads.
 */
final class Reconnector {

	private static final long PAUSE_MILLIS = 20;

	private static final Set<Integer> FINAL_CODES = Set.of(1000, 1003, 1007, 1009, 4400, 4409);

	private static final Set<Integer> FINAL_STATUSES = Set.of(400, 401, 403, 404);

	private final ClientConnections connections;

	private final Duration timeout;

	private final Thread thread = new Thread(this::keepConnected, "resumable-ws-test-client");

	private volatile @Nullable String gaveUp;

	/**
	 * Why the last attempt to connect failed; null after one that succeeded.
	 */
	private volatile @Nullable Throwable failure;

	Reconnector(ClientConnections connections, Duration timeout) {
		this.connections = connections;
		this.timeout = timeout;
	}

	void start() {
		this.thread.setDaemon(true);
		this.thread.start();
	}

	void stop() {
		this.thread.interrupt();
	}

	@Nullable String gaveUp() {
		return this.gaveUp;
	}

	@Nullable Throwable failure() {
		return this.failure;
	}

	private void keepConnected() {
		long failingSince = System.nanoTime();
		while (this.gaveUp == null && !this.connections.isClosed()) {
			try {
				Connection opened = this.connections.open();
				this.failure = null;
				Close close = this.connections.awaitEnd(opened);
				if (close != null && FINAL_CODES.contains(close.code())) {
					giveUp("closed with " + close);
				}
				failingSince = System.nanoTime();
			}
			catch (RuntimeException ex) {
				this.failure = ex;
				if (ex instanceof HandshakeRejectedException refused && FINAL_STATUSES.contains(refused.status())) {
					giveUp(String.valueOf(ex.getMessage()));
				}
				else if (System.nanoTime() - failingSince > this.timeout.toNanos()) {
					giveUp("no connection after " + this.timeout + ": " + ex.getMessage());
				}
				pause();
			}
			catch (InterruptedException ex) {
				giveUp("interrupted");
			}
			catch (Error ex) {
				this.failure = ex;
				giveUp(ex.toString());
				throw ex;
			}
		}
	}

	private void pause() {
		try {
			Thread.sleep(PAUSE_MILLIS);
		}
		catch (InterruptedException ex) {
			giveUp("interrupted");
		}
	}

	private void giveUp(String reason) {
		this.gaveUp = reason;
		this.connections.changed();
	}

}
