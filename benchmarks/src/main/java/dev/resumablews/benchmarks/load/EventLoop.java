package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * Runs all clients on one thread. Opens a limited number of connections at a time, so
 * that no server's backlog determines the result; the time that a client waits counts
 * against the server.
 */
final class EventLoop implements AutoCloseable {

	private static final int BUFFER_SIZE = 4 * 1024 * 1024;

	static final int MAX_OPENING = 64;

	private static final long WAIT_MILLIS = 5;

	private final Selector selector;

	private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_SIZE);

	private final Queue<WsClient> waiting = new ArrayDeque<>();

	private final PriorityQueue<Timer> timers = new PriorityQueue<>(Comparator.comparingLong(Timer::time));

	private int opening;

	EventLoop() throws IOException {
		this.selector = Selector.open();
	}

	/**
	 * Connects a client as soon as the limit allows.
	 */
	void open(WsClient client) {
		this.waiting.add(client);
	}

	/**
	 * Runs an action at a time of {@link System#nanoTime()}.
	 */
	void at(long time, Runnable action) {
		this.timers.add(new Timer(time, action));
	}

	/**
	 * Removes the waiting clients and all timers.
	 */
	void clear() {
		this.waiting.clear();
		this.timers.clear();
	}

	/**
	 * Frees the place of a connection that has opened or failed.
	 */
	void opened() {
		this.opening--;
	}

	/**
	 * Runs the timers that are due, opens connections, and handles input and output for a
	 * few milliseconds.
	 */
	void runOnce() throws IOException {
		long now = System.nanoTime();
		for (Timer timer = this.timers.peek(); timer != null && timer.time() <= now; timer = this.timers.peek()) {
			this.timers.remove();
			timer.action().run();
		}
		while (this.opening < MAX_OPENING && !this.waiting.isEmpty()) {
			this.opening++;
			this.waiting.remove().connect();
		}
		this.selector.select((key) -> {
			if (key.attachment() instanceof WsClient client) {
				client.ready(this.buffer);
			}
		}, WAIT_MILLIS);
	}

	SelectionKey register(SocketChannel channel, int interest, WsClient client) throws IOException {
		return channel.register(this.selector, interest, client);
	}

	@Override
	public void close() throws IOException {
		for (SelectionKey key : this.selector.keys()) {
			key.channel().close();
		}
		this.selector.close();
	}

	private record Timer(long time, Runnable action) {

	}

}
