package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds ports for servers that start later or restart. The ports are below the ephemeral
 * range of the system, so that no outgoing connection takes one while its server is down.
 */
public final class FreePorts {

	/**
	 * The sample also uses a port that is 10000 higher. The ephemeral range begins at
	 * 32768 on Linux, and higher on other systems.
	 */
	private static final int FIRST = 12_000;

	private static final int END = 20_000;

	private static final int ATTEMPTS = 100;

	private FreePorts() {
	}

	/**
	 * Returns a random port on which no server listens.
	 * @return the port
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
