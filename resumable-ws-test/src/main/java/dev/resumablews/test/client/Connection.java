package dev.resumablews.test.client;

import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One WebSocket: splits what it receives into messages, and sends in order without
 * blocking. Reports its end exactly once. Safe for use by many threads.
 */
final class Connection implements WebSocket.Listener {

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

	private final Sink sink;

	private final StringBuilder text = new StringBuilder();

	private final AtomicBoolean ended = new AtomicBoolean();

	private final CompletableFuture<WebSocket> opened = new CompletableFuture<>();

	private CompletableFuture<WebSocket> sent = this.opened;

	Connection(Sink sink) {
		this.sink = sink;
	}

	boolean isOpen() {
		return !this.ended.get();
	}

	/**
	 * Sends a message after those before it.
	 * @return whether the connection is open
	 */
	synchronized boolean send(Object message) {
		if (!isOpen()) {
			return false;
		}
		String json = (message instanceof String string) ? string : JsonMapper.shared().writeValueAsString(message);
		this.sent = this.sent.thenCompose((socket) -> socket.sendText(json, true));
		this.sent.exceptionally((ex) -> {
			end(new Close(Close.NO_CLOSE_FRAME, "Not sent: " + ex));
			return null;
		});
		return true;
	}

	/**
	 * Sends a close frame, and ends the connection without waiting for the answer.
	 */
	synchronized void close() {
		if (isOpen()) {
			this.sent.thenCompose((socket) -> socket.sendClose(WebSocket.NORMAL_CLOSURE, ""))
				.orTimeout(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
				.whenComplete((socket, ex) -> abort());
		}
	}

	/**
	 * Ends the connection without a close frame.
	 */
	void abort() {
		this.opened.thenAccept(WebSocket::abort);
		end(new Close(Close.NO_CLOSE_FRAME, "The client disconnected"));
	}

	@Override
	public void onOpen(WebSocket socket) {
		this.opened.complete(socket);
		socket.request(1);
	}

	@Override
	public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
		this.text.append(data);
		if (last) {
			String message = this.text.toString();
			this.text.setLength(0);
			if (isOpen()) {
				message.lines().filter((line) -> !line.isBlank()).forEach(this::received);
			}
		}
		socket.request(1);
		return null;
	}

	private void received(String line) {
		this.sink.received(this, JsonMapper.shared().readTree(line));
	}

	@Override
	public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
		end(new Close(code, reason));
		return null;
	}

	@Override
	public void onError(WebSocket socket, Throwable error) {
		end(new Close(Close.NO_CLOSE_FRAME, error.toString()));
	}

	private void end(Close close) {
		if (this.ended.compareAndSet(false, true)) {
			this.sink.ended(this, close);
		}
	}

	/**
	 * Receives what happens on a connection.
	 */
	interface Sink {

		void received(Connection connection, JsonNode message);

		void ended(Connection connection, Close close);

	}

}
