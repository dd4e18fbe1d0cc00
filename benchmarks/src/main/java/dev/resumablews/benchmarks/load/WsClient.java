package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/**
 * A minimal WebSocket client. All clients share the thread of their {@link EventLoop},
 * keep no messages, and parse only what the {@link Dialect} needs, so that thousands of
 * clients leave the CPU to the server on the same machine. The benchmarks do not use
 * {@code ResumableWsTestClient}, because it keeps and checks each frame and supports only
 * this library's protocol.
 */
final class WsClient {

	private static final byte[] NOTHING = {};

	private static final byte[] END_OF_HEAD = { '\r', '\n', '\r', '\n' };

	private static final int CONTINUATION = 0;

	private static final int TEXT = 1;

	private static final int CLOSE = 8;

	private static final int PING = 9;

	private static final int PONG = 10;

	private final EventLoop loop;

	private final Target target;

	private final Dialect dialect;

	private final Listener listener;

	/**
	 * Time of the request to connect, which may precede the attempt.
	 */
	private final long requested = System.nanoTime();

	private @Nullable SocketChannel channel;

	private @Nullable SelectionKey key;

	private long opened;

	/**
	 * Whether this connection counts towards the limit of the event loop.
	 */
	private boolean opening;

	private boolean upgraded;

	private boolean closed;

	/**
	 * Bytes of an incomplete frame.
	 */
	private byte[] rest = NOTHING;

	/**
	 * Payload of an incomplete fragmented message.
	 */
	private byte[] fragments = NOTHING;

	private @Nullable ByteBuffer unsent;

	WsClient(EventLoop loop, Target target, Dialect dialect, Listener listener) {
		this.loop = loop;
		this.target = target;
		this.dialect = dialect;
		this.listener = listener;
	}

	long requested() {
		return this.requested;
	}

	Target target() {
		return this.target;
	}

	/**
	 * Returns the time at which the server accepted the handshake.
	 */
	long opened() {
		return this.opened;
	}

	void connect() {
		this.opening = true;
		if (this.closed) {
			endOpening();
			return;
		}
		try {
			begin();
		}
		catch (IOException ex) {
			closed("broken: " + ex.getMessage());
		}
	}

	private void begin() throws IOException {
		SocketChannel channel = SocketChannel.open();
		this.channel = channel;
		channel.configureBlocking(false);
		channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
		boolean connected = channel
			.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.target.port()));
		SelectionKey key = this.loop.register(channel, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT,
				this);
		this.key = key;
		if (connected) {
			upgrade();
		}
	}

	/**
	 * Performs the operations for which the channel is ready.
	 */
	void ready(ByteBuffer buffer) {
		SocketChannel channel = this.channel;
		SelectionKey key = this.key;
		if (channel == null || key == null || this.closed) {
			return;
		}
		try {
			if (key.isConnectable()) {
				channel.finishConnect();
				key.interestOps(SelectionKey.OP_READ);
				upgrade();
			}
			if (key.isValid() && key.isWritable()) {
				flush(channel, key);
			}
			if (key.isValid() && key.isReadable()) {
				read(channel, buffer);
			}
		}
		catch (IOException ex) {
			closed("broken: " + ex.getMessage());
		}
	}

	/**
	 * Sends a text.
	 */
	void send(String text) {
		send(TEXT, text.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Closes the connection without waiting for the server.
	 */
	void close() {
		if (!this.closed) {
			send(CLOSE, new byte[] { 3, (byte) (1000 - 3 * 256) });
			closed(null);
		}
	}

	/**
	 * Resets the connection, so that the server receives no close frame and data in
	 * flight is lost.
	 */
	void cut() {
		SocketChannel channel = this.channel;
		if (channel != null && !this.closed) {
			try {
				channel.setOption(StandardSocketOptions.SO_LINGER, 0);
			}
			catch (IOException ex) {
				// already closed
			}
		}
		closed(null);
	}

	void received(Line line) {
		this.listener.onMessage(this, line);
	}

	private void upgrade() {
		String head = "GET " + this.dialect.request(this.target) + " HTTP/1.1\r\nHost: localhost:" + this.target.port()
				+ "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				+ "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n";
		write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
	}

	private void read(SocketChannel channel, ByteBuffer buffer) throws IOException {
		buffer.clear();
		buffer.put(this.rest);
		int count = channel.read(buffer);
		if (count < 0) {
			closed("ended without a close frame");
			return;
		}
		byte[] bytes = buffer.array();
		int end = buffer.position();
		int from = 0;
		if (!this.upgraded) {
			from = readHead(bytes, end);
		}
		while (this.upgraded && !this.closed) {
			int next = readFrame(bytes, from, end);
			if (next < 0) {
				break;
			}
			from = next;
		}
		this.rest = (from == end) ? NOTHING : Arrays.copyOfRange(bytes, from, end);
	}

	private int readHead(byte[] bytes, int end) {
		for (int i = 0; i + END_OF_HEAD.length <= end; i++) {
			if (Arrays.equals(bytes, i, i + END_OF_HEAD.length, END_OF_HEAD, 0, END_OF_HEAD.length)) {
				String head = new String(bytes, 0, i, StandardCharsets.ISO_8859_1);
				if (!head.startsWith("HTTP/1.1 101")) {
					closed("refused: " + head.lines().findFirst().orElse(""));
					return end;
				}
				this.upgraded = true;
				this.opened = System.nanoTime();
				endOpening();
				this.listener.onOpened(this);
				return i + END_OF_HEAD.length;
			}
		}
		return 0;
	}

	/**
	 * Reads a frame.
	 * @return index of the next frame; -1 if this frame is incomplete
	 */
	private int readFrame(byte[] bytes, int from, int end) {
		if (end - from < 2) {
			return -1;
		}
		int length = bytes[from + 1] & 0x7f;
		int payload = from + 2;
		if (length == 126) {
			payload += 2;
			length = (end < payload) ? 0 : (bytes[from + 2] & 0xff) << 8 | bytes[from + 3] & 0xff;
		}
		else if (length == 127) {
			payload += 8;
			length = (end < payload) ? 0 : ByteBuffer.wrap(bytes, from + 6, 4).getInt();
		}
		if (end < payload + length) {
			return -1;
		}
		frame(bytes[from] & 0x0f, bytes[from] < 0, bytes, payload, payload + length);
		return payload + length;
	}

	private void frame(int opcode, boolean last, byte[] bytes, int from, int to) {
		switch (opcode) {
			case TEXT, CONTINUATION -> text(last, bytes, from, to);
			case PING -> send(PONG, Arrays.copyOfRange(bytes, from, to));
			case CLOSE -> closed(
					"closed with " + ((to - from >= 2) ? ((bytes[from] & 0xff) << 8 | bytes[from + 1] & 0xff) : 1005));
			default -> {
			}
		}
	}

	private void text(boolean last, byte[] bytes, int from, int to) {
		if (last && this.fragments.length == 0) {
			this.dialect.read(this, bytes, from, to);
			return;
		}
		int length = this.fragments.length;
		this.fragments = Arrays.copyOf(this.fragments, length + to - from);
		System.arraycopy(bytes, from, this.fragments, length, to - from);
		if (last) {
			byte[] message = this.fragments;
			this.fragments = NOTHING;
			this.dialect.read(this, message, 0, message.length);
		}
	}

	/**
	 * Sends a frame, masked with zeros.
	 */
	private void send(int opcode, byte[] payload) {
		ByteBuffer frame = ByteBuffer.allocate(payload.length + 8);
		frame.put((byte) (0x80 | opcode));
		if (payload.length < 126) {
			frame.put((byte) (0x80 | payload.length));
		}
		else {
			frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
		}
		write(frame.putInt(0).put(payload).flip());
	}

	private void write(ByteBuffer bytes) {
		SocketChannel channel = this.channel;
		SelectionKey key = this.key;
		if (channel == null || key == null || this.closed) {
			return;
		}
		ByteBuffer unsent = this.unsent;
		if (unsent == null) {
			this.unsent = bytes;
		}
		else {
			this.unsent = ByteBuffer.allocate(unsent.remaining() + bytes.remaining()).put(unsent).put(bytes).flip();
		}
		try {
			flush(channel, key);
		}
		catch (IOException ex) {
			closed("broken: " + ex.getMessage());
		}
	}

	private void flush(SocketChannel channel, SelectionKey key) throws IOException {
		ByteBuffer unsent = this.unsent;
		if (unsent != null) {
			channel.write(unsent);
			if (!unsent.hasRemaining()) {
				this.unsent = null;
			}
		}
		key.interestOps((this.unsent != null) ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
	}

	private void endOpening() {
		if (this.opening) {
			this.opening = false;
			this.loop.opened();
		}
	}

	private void closed(@Nullable String problem) {
		if (this.closed) {
			return;
		}
		this.closed = true;
		endOpening();
		this.rest = NOTHING;
		this.fragments = NOTHING;
		SocketChannel channel = this.channel;
		if (channel != null) {
			try {
				channel.close();
			}
			catch (IOException ex) {
				// the channel is no longer used
			}
		}
		this.listener.onClosed(this, problem);
	}

	/**
	 * Callbacks of the client.
	 */
	interface Listener {

		/**
		 * Called when the server has accepted the handshake.
		 */
		default void onOpened(WsClient client) {
		}

		/**
		 * Called for each message.
		 */
		void onMessage(WsClient client, Line line);

		/**
		 * Called when the connection has ended.
		 * @param problem the cause; null if the client closed the connection
		 */
		void onClosed(WsClient client, @Nullable String problem);

	}

}
