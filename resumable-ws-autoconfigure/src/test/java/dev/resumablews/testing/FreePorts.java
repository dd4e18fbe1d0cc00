package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for servers that start later, or again. They are below the range from which the
 * system takes the ports of outgoing connections, so that none of those takes one while
 * its server is down.
 */
public final class FreePorts {

	/**
	 * The sample has another port 10000 above its own. Linux takes those of outgoing
	 * connections from 32768 on, others begin above that.
	 */
	private static final int FIRST = 12_000;

	private static final int END = 20_000;

	private static final int ATTEMPTS = 100;

	private FreePorts() {
	}

	/**
	 * Returns a port that nothing listens on.
	 * @return the port, at random
	 */
	public static int next() {
		for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
			int port = ThreadLocalRandom.current().nextInt(FIRST, END);
			if (isFree(port)) {
				return port;
			}
		}
		throw new IllegalStateException("No free port from %d to %d".formatted(FIRST, END));
	}

	private static boolean isFree(int port) {
		try (ServerSocket socket = new ServerSocket()) {
			socket.bind(new InetSocketAddress(port));
			return true;
		}
		catch (BindException ex) {
			return false;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
