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
 * The one thread on which all clients live. Opens a limited number of connections at the
 * same time, so that no server's backlog decides about the result; the time a client
 * waits for that counts as time of the server.
 */
final class EventLoop implements AutoCloseable {

	private static final int BUFFER_SIZE = 4 * 1024 * 1024;

	private static final int MAX_OPENING = 64;

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
	 * Connects a client as soon as there is room.
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
	 * Forgets the clients that wait, and what is to be run later.
	 */
	void forget() {
		this.waiting.clear();
		this.timers.clear();
	}

	/**
	 * Says that a connection is no longer being opened.
	 */
	void opened() {
		this.opening--;
	}

	/**
	 * Handles what happens in the next few milliseconds.
	 */
	void turn() throws IOException {
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
