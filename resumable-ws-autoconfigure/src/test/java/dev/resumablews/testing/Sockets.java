package dev.resumablews.testing;

import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;

/**
 * Closes or resets sockets and ignores failures.
 */
final class Sockets {

	private Sockets() {
	}

	static void close(Closeable socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			// treated as closed
		}
	}

	/**
	 * Closes a socket with a TCP reset, so that reads of the peer fail with "connection
	 * reset".
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
