package dev.resumablews.testing;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;

/**
 * The input of a socket that can pause reading, so that the bytes from the peer fill the
 * buffers of the network.
 */
final class PausableInput extends InputStream {

	private static final int POLL_MILLIS = 10;

	private final Socket socket;

	private final InputStream in;

	private boolean paused;

	private boolean parked;

	PausableInput(Socket socket) throws IOException {
		this.socket = socket;
		this.in = socket.getInputStream();
		socket.setSoTimeout(POLL_MILLIS);
	}

	@Override
	public int read() throws IOException {
		byte[] one = new byte[1];
		return (read(one, 0, 1) == -1) ? -1 : one[0] & 0xff;
	}

	@Override
	public int read(byte[] bytes, int offset, int length) throws IOException {
		while (true) {
			park();
			try {
				return this.in.read(bytes, offset, length);
			}
			catch (SocketTimeoutException ex) {
				// check whether to pause
			}
		}
	}

	/**
	 * Pauses reading. When this method returns, no further byte is read from the socket.
	 */
	synchronized void pause() {
		this.paused = true;
		long deadline = System.nanoTime() + 5_000_000_000L;
		while (!this.parked && !this.socket.isClosed() && System.nanoTime() < deadline) {
			await(100);
		}
	}

	synchronized void resume() {
		this.paused = false;
		notifyAll();
	}

	private synchronized void park() throws IOException {
		while (this.paused) {
			this.parked = true;
			notifyAll();
			await(100);
			if (this.socket.isClosed()) {
				throw new SocketException("Closed while reading was paused");
			}
		}
		this.parked = false;
	}

	private void await(long millis) {
		try {
			wait(millis);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			this.paused = false;
		}
	}

}
