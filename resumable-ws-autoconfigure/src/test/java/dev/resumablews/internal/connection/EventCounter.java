package dev.resumablews.internal.connection;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A client that checks that event ids are consecutive. It stores no events, so that a
 * test can measure the memory of the server in the same JVM.
 */
final class EventCounter implements WebSocket.Listener, AutoCloseable {

	private static final Pattern EVENT_ID = Pattern.compile("\"event_id\":(\\d+)");

	private final WebSocket socket;

	private final StringBuilder partial = new StringBuilder();

	private volatile long last;

	private volatile @Nullable String failure;

	/**
	 * Connects a client.
	 * @param uri the URI of the endpoint
	 * @param last the id of the event before the first one to receive
	 */
	EventCounter(URI uri, long last) {
		this.last = last;
		this.socket = HttpClient.newHttpClient()
			.newWebSocketBuilder()
			.connectTimeout(Duration.ofSeconds(20))
			.buildAsync(uri, this)
			.join();
	}

	/**
	 * Returns the id of the newest event.
	 * @throws AssertionError if an event was missing or malformed
	 */
	long last() {
		if (this.failure != null) {
			throw new AssertionError(this.failure);
		}
		return this.last;
	}

	@Override
	public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean end) {
		this.partial.append(data);
		if (end) {
			Matcher eventId = EVENT_ID.matcher(this.partial.substring(0, Math.min(200, this.partial.length())));
			if (eventId.find()) {
				take(Long.parseLong(eventId.group(1)));
			}
			this.partial.setLength(0);
		}
		socket.request(1);
		return null;
	}

	@Override
	public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
		this.failure = "Closed with " + code + " after event " + this.last;
		return null;
	}

	@Override
	public void onError(WebSocket socket, Throwable error) {
		this.failure = "Failed after event " + this.last + ": " + error;
	}

	private void take(long id) {
		if (id == this.last + 1) {
			this.last = id;
		}
		else if (this.failure == null) {
			this.failure = "Event " + id + " came after " + this.last;
		}
	}

	@Override
	public void close() {
		this.socket.abort();
	}

}
