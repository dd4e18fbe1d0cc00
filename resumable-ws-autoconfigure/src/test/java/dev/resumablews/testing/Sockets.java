package dev.resumablews.testing;

import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;

/**
 * Ways to end a socket, none of which fails.
 */
final class Sockets {

	private Sockets() {
	}

	static void close(Closeable socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			// it is closed, for all that matters
		}
	}

	/**
	 * Closes with a reset instead of an orderly end: the peer sees "connection reset".
	 * @param socket the socket
	 */
	static void reset(Socket socket) {
		try {
			socket.setSoLinger(true, 0);
		}
		catch (IOException ex) {
			// closed already
		}
		close(socket);
	}

}
