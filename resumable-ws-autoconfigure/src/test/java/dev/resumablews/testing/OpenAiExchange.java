package dev.resumablews.testing;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A request that {@link OpenAiStub} received, and the progress of its answer. Safe for
 * use by many threads.
 */
public final class OpenAiExchange {

	private final String path;

	private final HttpHead head;

	private final JsonNode body;

	private final AtomicInteger piecesSent = new AtomicInteger();

	private final CompletableFuture<End> ended = new CompletableFuture<>();

	OpenAiExchange(String path, HttpHead head, JsonNode body) {
		this.path = path;
		this.head = head;
		this.body = body;
	}

	/**
	 * How an answer ended.
	 */
	public enum End {

		/**
		 * The whole answer was sent.
		 */
		COMPLETED,

		/**
		 * The client closed the connection before the whole answer was sent.
		 */
		ABORTED_BY_CLIENT,

		/**
		 * The stub aborted it, as configured by the test.
		 */
		BROKEN

	}

	/**
	 * A message of the conversation in the request.
	 *
	 * @param role the role of the author
	 * @param content the text
	 */
	public record Message(String role, String content) {
	}

	public String path() {
		return this.path;
	}

	/**
	 * Returns the {@code Authorization} header.
	 * @return the value of the header; null if it is absent
	 */
	public @Nullable String authorization() {
		return this.head.header("Authorization");
	}

	/**
	 * Returns the names of the headers.
	 * @return the names, in lower case
	 */
	public Set<String> headers() {
		return this.head.headers().keySet().stream().map(String::toLowerCase).collect(Collectors.toUnmodifiableSet());
	}

	public JsonNode body() {
		return this.body;
	}

	public String model() {
		return this.body.path("model").asString("");
	}

	public boolean stream() {
		return this.body.path("stream").asBoolean(false);
	}

	public List<Message> messages() {
		return StreamSupport.stream(this.body.path("messages").spliterator(), false)
			.map((message) -> new Message(message.path("role").asString(""), text(message.path("content"))))
			.toList();
	}

	/**
	 * Returns how many pieces were written.
	 * @return the number of pieces
	 */
	public int piecesSent() {
		return this.piecesSent.get();
	}

	public boolean hasEnded() {
		return this.ended.isDone();
	}

	/**
	 * Waits until the answer has ended. A streamed answer ends when its HTTP stream is
	 * closed.
	 * @param atMost the maximum time to wait
	 * @return how it ended
	 */
	public End awaitEnd(Duration atMost) {
		try {
			return this.ended.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			throw new AssertionError("The answer has not ended after " + atMost + ", " + piecesSent() + " pieces sent",
					ex);
		}
		catch (ExecutionException ex) {
			throw new AssertionError(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new AssertionError(ex);
		}
	}

	void pieceSent() {
		this.piecesSent.incrementAndGet();
	}

	void end(End end) {
		this.ended.complete(end);
	}

	/**
	 * Waits until a pause has passed or the answer has ended.
	 * @param pause the pause
	 * @return whether the answer continues
	 */
	boolean continuesAfter(Duration pause) throws InterruptedException {
		if (pause.isZero()) {
			return !hasEnded();
		}
		try {
			this.ended.get(pause.toNanos(), TimeUnit.NANOSECONDS);
			return false;
		}
		catch (TimeoutException ex) {
			return true;
		}
		catch (ExecutionException ex) {
			return false;
		}
	}

	private static String text(JsonNode content) {
		if (!content.isArray()) {
			return content.asString("");
		}
		StringBuilder text = new StringBuilder();
		content.forEach((part) -> text.append(part.path("text").asString("")));
		return text.toString();
	}

}
