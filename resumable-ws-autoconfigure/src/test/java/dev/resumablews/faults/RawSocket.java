package dev.resumablews.faults;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;

import dev.resumablews.testing.HttpHead;
import dev.resumablews.testing.WsFrame;
import org.jspecify.annotations.Nullable;

/**
 * A connection that can send any bytes. Not thread-safe.
 */
final class RawSocket implements AutoCloseable {

	private final Socket socket;

	private final ReceivedBytes received;

	private final DataInputStream in;

	/**
	 * Connects to this machine.
	 * @param timeout the maximum time of each read
	 */
	RawSocket(int port, Duration timeout) throws IOException {
		this(port, timeout, "127.0.0.1");
	}

	/**
	 * Connects to this machine from one of its addresses.
	 * @param timeout the maximum time of each read
	 */
	RawSocket(int port, Duration timeout, String from) throws IOException {
		this.socket = new Socket();
		this.socket.bind(new InetSocketAddress(from, 0));
		this.socket.setTcpNoDelay(true);
		this.socket.setSoTimeout((int) timeout.toMillis());
		this.socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) timeout.toMillis());
		this.received = new ReceivedBytes(this.socket.getInputStream());
		this.in = new DataInputStream(new BufferedInputStream(this.received));
	}

	/**
	 * Returns the head of a valid handshake.
	 */
	static byte[] handshake(int port, String query) {
		return """
				GET /ws?%s HTTP/1.1\r
				Host: localhost:%d\r
				Upgrade: websocket\r
				Connection: Upgrade\r
				Sec-WebSocket-Version: 13\r
				Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
				\r
				""".formatted(query, port).getBytes(StandardCharsets.ISO_8859_1);
	}

	void send(byte[] bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
		this.socket.getOutputStream().flush();
	}

	/**
	 * Reads the head of a response and skips responses with status 100.
	 * @return the head; null if the server closed the connection
	 */
	@Nullable HttpHead readHead() throws IOException {
		HttpHead head = HttpHead.read(this.in);
		while (head != null && head.startLine().contains(" 100")) {
			head = HttpHead.read(this.in);
		}
		return head;
	}

	String readBody(HttpHead head) throws IOException {
		return head.body(this.in, true);
	}

	/**
	 * Reads a frame.
	 * @param timeout the maximum time of the read
	 */
	WsFrame readFrame(Duration timeout) throws IOException {
		this.socket.setSoTimeout((int) timeout.toMillis());
		return WsFrame.read(this.in);
	}

	/**
	 * Returns the last bytes that were received, in hexadecimal.
	 */
	String lastBytes() {
		return this.received.last();
	}

	/**
	 * Makes {@link #close} reset the connection.
	 */
	void resetOnClose() throws IOException {
		this.socket.setSoLinger(true, 0);
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * Records the last bytes.
	 */
	private static final class ReceivedBytes extends FilterInputStream {

		private static final int KEPT = 400;

		private byte[] last = new byte[0];

		ReceivedBytes(InputStream in) {
			super(in);
		}

		@Override
		public int read(byte[] target, int offset, int length) throws IOException {
			int read = super.read(target, offset, length);
			if (read > 0) {
				int taken = Math.min(read, KEPT);
				int kept = Math.min(this.last.length, KEPT - taken);
				byte[] next = Arrays.copyOfRange(this.last, this.last.length - kept, this.last.length + taken);
				System.arraycopy(target, offset + read - taken, next, kept, taken);
				this.last = next;
			}
			return read;
		}

		String last() {
			return HexFormat.of().formatHex(this.last);
		}

	}

}
