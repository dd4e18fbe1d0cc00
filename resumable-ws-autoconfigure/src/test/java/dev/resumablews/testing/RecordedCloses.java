package dev.resumablews.testing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.ResumableWsListener;

/**
 * Listener that records the close codes of connections.
 */
public final class RecordedCloses implements ResumableWsListener {

	private final List<Integer> codes = new CopyOnWriteArrayList<>();

	private final AtomicInteger open = new AtomicInteger();

	@Override
	public void onConnectionOpened(boolean resumed) {
		this.open.incrementAndGet();
	}

	@Override
	public void onConnectionClosed(int code) {
		this.codes.add(code);
		this.open.decrementAndGet();
	}

	/**
	 * Returns how many connections are open. The listener is notified on another thread,
	 * so the number may lag behind.
	 */
	public int open() {
		return this.open.get();
	}

	public List<Integer> codes() {
		return List.copyOf(this.codes);
	}

	public void clear() {
		this.codes.clear();
	}

}
