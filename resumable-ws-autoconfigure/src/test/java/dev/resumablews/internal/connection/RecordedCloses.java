package dev.resumablews.internal.connection;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.resumablews.ResumableWsListener;

/**
 * Remembers the codes that connections were closed with, as an application's listener
 * would.
 */
final class RecordedCloses implements ResumableWsListener {

	private final List<Integer> codes = new CopyOnWriteArrayList<>();

	@Override
	public void onConnectionClosed(int code) {
		this.codes.add(code);
	}

	List<Integer> codes() {
		return List.copyOf(this.codes);
	}

	void clear() {
		this.codes.clear();
	}

}
