package dev.resumablews.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps TCP connections with incomplete requests to a server. A connection that the
 * server closes is replaced. The connections come from several loopback addresses.
 */
final class HalfOpenConnections implements AutoCloseable {

	private static final int ADDRESSES = 8;

	private static final int OPENED_AT_ONCE = 500;

	private static final long DRIP_NANOS = TimeUnit.SECONDS.toNanos(2);

	private static final byte[] HEADER = "X: y\r\n".getBytes(StandardCharsets.US_ASCII);

	private final Selector selector;

	private final int port;

	private final int count;

	private final byte[] beginning;

	private final boolean dripping;

	private final Thread thread = new Thread(this::run, "half-open");

	private final AtomicInteger open = new AtomicInteger();

	private final AtomicInteger opened = new AtomicInteger();

	private volatile boolean ended;

	/**
	 * Starts opening connections.
	 * @param count the number of connections to keep open
	 * @param beginning the text to send on each connection
	 * @param dripping whether to send a header every two seconds
	 */
	HalfOpenConnections(int port, int count, String beginning, boolean dripping) throws IOException {
		this.selector = Selector.open();
		this.port = port;
		this.count = count;
		this.beginning = beginning.getBytes(StandardCharsets.US_ASCII);
		this.dripping = dripping;
		this.thread.start();
	}

	/**
	 * Returns how many connections are open.
	 */
	int open() {
		return this.open.get();
	}

	/**
	 * Returns how many connections have been opened.
	 */
	int opened() {
		return this.opened.get();
	}

	private void run() {
		long nextDrip = System.nanoTime() + DRIP_NANOS;
		try {
			while (!this.ended) {
				for (int i = 0; i < OPENED_AT_ONCE && this.selector.keys().size() < this.count; i++) {
					openOne();
				}
				this.selector.select(this::handle, Duration.ofMillis(20).toMillis());
				if (this.dripping && System.nanoTime() - nextDrip > 0) {
					nextDrip = System.nanoTime() + DRIP_NANOS;
					this.selector.keys().forEach((key) -> send(key, HEADER));
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void openOne() throws IOException {
		int number = this.opened.getAndIncrement();
		SocketChannel channel = SocketChannel.open();
		channel.configureBlocking(false);
		// avoids TIME_WAIT on this side, which would exhaust the ports
		channel.setOption(StandardSocketOptions.SO_LINGER, 0);
		channel.bind(new InetSocketAddress("127.0.0." + (2 + number % ADDRESSES), 0));
		channel.register(this.selector, SelectionKey.OP_CONNECT);
		channel.connect(new InetSocketAddress("127.0.0.1", this.port));
	}

	private void handle(SelectionKey key) {
		SocketChannel channel = (SocketChannel) key.channel();
		try {
			if (key.isConnectable()) {
				channel.finishConnect();
				this.open.incrementAndGet();
				key.attach(true);
				key.interestOps(SelectionKey.OP_READ);
				send(key, this.beginning);
			}
			else if (channel.read(ByteBuffer.allocate(1024)) < 0) {
				end(key);
			}
		}
		catch (IOException ex) {
			end(key);
		}
	}

	private void send(SelectionKey key, byte[] bytes) {
		try {
			if (key.isValid() && key.attachment() != null && bytes.length > 0) {
				((SocketChannel) key.channel()).write(ByteBuffer.wrap(bytes));
			}
		}
		catch (IOException ex) {
			end(key);
		}
	}

	private void end(SelectionKey key) {
		if (key.attachment() != null) {
			key.attach(null);
			this.open.decrementAndGet();
		}
		try {
			key.channel().close();
		}
		catch (IOException ex) {
			// treated as closed
		}
	}

	@Override
	public void close() throws IOException {
		this.ended = true;
		try {
			this.thread.join();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		this.selector.keys().forEach(this::end);
		this.selector.close();
	}

}
