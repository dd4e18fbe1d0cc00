package dev.resumablews.internal.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;

/**
 * The body of a request, which is read as it comes and holds no thread in between. What
 * is too much is read and dropped, so that the client can read the answer. Called by the
 * container, by one thread at a time.
 */
final class RequestBody implements ReadListener {

	private static final int BUFFER = 8192;

	/**
	 * What is read of a body that is not used.
	 */
	private static final long MOST_DROPPED = 8 * 1024 * 1024;

	private final ServletInputStream in;

	private final Listener listener;

	private final ByteArrayOutputStream kept = new ByteArrayOutputStream(0);

	private long dropped;

	private boolean dropping;

	private boolean over;

	/**
	 * Begins to read a body.
	 * @param listener takes it
	 */
	RequestBody(ServletInputStream in, Listener listener) {
		this.in = in;
		this.listener = listener;
	}

	void begin() {
		this.in.setReadListener(this);
	}

	@Override
	public void onDataAvailable() throws IOException {
		byte[] buffer = new byte[BUFFER];
		while (!this.over && this.in.isReady() && !this.in.isFinished()) {
			int length = this.in.read(buffer);
			if (length < 0) {
				return;
			}
			keep(buffer, length);
		}
	}

	@Override
	public void onAllDataRead() {
		if (!this.over) {
			this.over = true;
			this.listener.received(this.kept.toByteArray(), !this.dropping);
		}
	}

	@Override
	public void onError(Throwable failure) {
		this.over = true;
		this.listener.failed(failure);
	}

	private void keep(byte[] buffer, int length) {
		if (!this.dropping && this.listener.keeps(length)) {
			this.kept.write(buffer, 0, length);
			return;
		}
		this.dropping = true;
		this.kept.reset();
		this.dropped += length;
		if (this.dropped > MOST_DROPPED) {
			this.over = true;
			this.listener.overflowed();
		}
	}

	/**
	 * Takes the body.
	 */
	interface Listener {

		/**
		 * Returns whether the next bytes are kept. Once they are not, nothing is.
		 */
		boolean keeps(int length);

		/**
		 * The body has ended.
		 * @param body what was kept
		 * @param complete whether that is all of it
		 */
		void received(byte[] body, boolean complete);

		/**
		 * Too much was dropped to wait for the end.
		 */
		void overflowed();

		/**
		 * The client has gone.
		 */
		void failed(Throwable failure);

	}

}
