package dev.resumablews.internal.http;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A response body that any thread can write in pieces and that blocks no thread while the
 * client does not read. A piece is written, flushed, and done once the container holds no
 * bytes of it. The response must not be used after it has ended, because containers reuse
 * it for other requests. Therefore all access is guarded by this object, and callbacks
 * run outside the lock. Safe for use by many threads.
 */
final class AsyncBody implements WriteListener, AsyncListener {

	private static final Log logger = LogFactory.getLog(AsyncBody.class);

	private final AsyncContext context;

	private final HttpServletResponse response;

	private final ServletOutputStream out;

	private final ContainerRequest container;

	private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

	private final Deque<Piece> pieces = new ArrayDeque<>(2);

	/**
	 * Whether the container accepts data now. Otherwise it calls back once it does.
	 */
	private boolean ready;

	private boolean completing;

	private boolean ended;

	private AsyncBody(AsyncContext context, HttpServletResponse response, ContainerRequest container)
			throws IOException {
		this.context = context;
		this.response = response;
		this.out = response.getOutputStream();
		this.container = container;
	}

	/**
	 * Starts the body of a response. Its status and headers may be changed until the
	 * first piece is written.
	 * @throws IOException if the client has disconnected
	 */
	static AsyncBody begin(HttpServletRequest request, HttpServletResponse response) throws IOException {
		AsyncContext context = request.startAsync(request, response);
		context.setTimeout(0);
		AsyncBody body = new AsyncBody(context, response, ContainerRequest.of(request));
		context.addListener(body);
		body.out.setWriteListener(body);
		return body;
	}

	/**
	 * Sets the status and the headers. Does nothing if the response has ended.
	 */
	synchronized void head(Consumer<HttpServletResponse> head) {
		if (!this.ended) {
			head.accept(this.response);
		}
	}

	/**
	 * Writes a piece after the previous ones.
	 * @param done called once, on any thread, when the container has accepted the whole
	 * piece, or with the failure
	 */
	void write(byte[] bytes, Consumer<@Nullable Throwable> done) {
		List<Runnable> calls = new ArrayList<>(1);
		synchronized (this) {
			if (this.ended || this.completing) {
				calls.add(() -> done.accept(new IOException("The response has ended")));
			}
			else {
				this.pieces.add(new Piece(bytes, done));
				advance(calls);
			}
		}
		calls.forEach(Runnable::run);
	}

	/**
	 * Ends the response after all pieces have been written.
	 */
	void complete() {
		List<Runnable> calls = new ArrayList<>(1);
		synchronized (this) {
			this.completing = true;
			advance(calls);
		}
		calls.forEach(Runnable::run);
	}

	/**
	 * Terminates the connection and discards unwritten pieces. Does not block.
	 */
	void abort() {
		List<Runnable> calls = new ArrayList<>(1);
		synchronized (this) {
			if (!this.ended) {
				end(new IOException("The connection was terminated"), calls);
				if (!this.container.abort()) {
					completeContext();
				}
			}
		}
		calls.forEach(Runnable::run);
	}

	/**
	 * Returns a future for the end of the response.
	 * @return completes with the failure that ended the response, or with null if it was
	 * completed normally
	 */
	CompletableFuture<@Nullable Throwable> end() {
		return this.end;
	}

	@Override
	public void onWritePossible() {
		List<Runnable> calls = new ArrayList<>(1);
		synchronized (this) {
			if (!this.ended) {
				this.ready = this.out.isReady();
				advance(calls);
			}
		}
		calls.forEach(Runnable::run);
	}

	@Override
	public void onError(Throwable failure) {
		fail(failure);
	}

	@Override
	public void onError(AsyncEvent event) {
		Throwable failure = event.getThrowable();
		fail((failure != null) ? failure : new IOException("The request failed"));
	}

	@Override
	public void onTimeout(AsyncEvent event) {
		fail(new IOException("The request timed out"));
	}

	@Override
	public void onComplete(AsyncEvent event) {
		List<Runnable> calls = new ArrayList<>(1);
		synchronized (this) {
			end(this.completing ? null : new IOException("The response was completed"), calls);
		}
		calls.forEach(Runnable::run);
	}

	@Override
	public void onStartAsync(AsyncEvent event) {
	}

	private void fail(Throwable failure) {
		List<Runnable> calls = new ArrayList<>(1);
		synchronized (this) {
			end(failure, calls);
			completeContext();
		}
		calls.forEach(Runnable::run);
	}

	private void advance(List<Runnable> calls) {
		try {
			Piece piece = this.pieces.peek();
			while (this.ready && !this.ended && piece != null) {
				if (piece.write(this.out)) {
					this.ready = this.out.isReady();
				}
				else {
					calls.add(this.pieces.remove().done(null));
					piece = this.pieces.peek();
				}
			}
			if (this.ready && !this.ended && this.completing) {
				end(null, calls);
				completeContext();
			}
		}
		catch (IOException | RuntimeException ex) {
			end(ex, calls);
			completeContext();
		}
	}

	private void end(@Nullable Throwable failure, List<Runnable> calls) {
		if (!this.ended) {
			this.ended = true;
			Throwable reason = (failure != null) ? failure : new IOException("The response has ended");
			this.pieces.forEach((piece) -> calls.add(piece.done(reason)));
			this.pieces.clear();
			calls.add(() -> this.end.complete(failure));
		}
	}

	private void completeContext() {
		try {
			this.context.complete();
		}
		catch (RuntimeException ex) {
			logger.trace("The request is already complete", ex);
		}
	}

	/**
	 * A piece of the body.
	 */
	private static final class Piece {

		private final Consumer<@Nullable Throwable> done;

		private byte @Nullable [] bytes;

		private boolean flushed;

		Piece(byte[] bytes, Consumer<@Nullable Throwable> done) {
			this.bytes = bytes;
			this.done = done;
		}

		/**
		 * Performs the next step.
		 * @return whether there was one
		 */
		boolean write(ServletOutputStream out) throws IOException {
			byte[] rest = this.bytes;
			if (rest != null) {
				this.bytes = null;
				out.write(rest);
				return true;
			}
			if (!this.flushed) {
				this.flushed = true;
				out.flush();
				return true;
			}
			return false;
		}

		Runnable done(@Nullable Throwable failure) {
			return () -> this.done.accept(failure);
		}

	}

}
