package dev.resumablews.internal.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;

/**
 * Reads a request body as it arrives, without blocking a thread. Excess data is read and
 * discarded, so that the client can read the response. Called by the container, by one
 * thread at a time.
 */
final class RequestBody implements ReadListener {

	private static final int BUFFER = 8192;

	/**
	 * Maximum number of bytes read and discarded.
	 */
	private static final long MAX_DROPPED = 8 * 1024 * 1024;

	private final ServletInputStream in;

	private final Listener listener;

	private final ByteArrayOutputStream kept = new ByteArrayOutputStream(0);

	private long dropped;

	private boolean dropping;

	private boolean over;

	/**
	 * Creates a reader.
	 * @param listener receives the body
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
		if (this.dropped > MAX_DROPPED) {
			this.over = true;
			this.listener.overflowed();
		}
	}

	/**
	 * Receives the body.
	 */
	interface Listener {

		/**
		 * Returns whether the next bytes are kept. After the first refusal, everything is
		 * discarded.
		 */
		boolean keeps(int length);

		/**
		 * Called at the end of the body.
		 * @param body the bytes that were kept
		 * @param complete whether that is the whole body
		 */
		void received(byte[] body, boolean complete);

		/**
		 * Called when too much was discarded to wait for the end of the body.
		 */
		void overflowed();

		/**
		 * Called when reading has failed because the client disconnected.
		 */
		void failed(Throwable failure);

	}

}
