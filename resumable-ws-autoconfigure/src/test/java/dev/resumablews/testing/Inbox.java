package dev.resumablews.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The messages that a client received until its connection was closed. Safe for use by
 * many threads.
 */
public final class Inbox {

	private final Duration timeout;

	private final List<JsonNode> messages = new ArrayList<>();

	private final List<JsonNode> unseen = new ArrayList<>();

	private final CompletableFuture<Integer> closeCode = new CompletableFuture<>();

	private volatile @Nullable Throwable failure;

	Inbox(Duration timeout) {
		this.timeout = timeout;
	}

	synchronized void add(JsonNode message) {
		this.messages.add(message);
		this.unseen.add(message);
		notifyAll();
	}

	synchronized void closed(int code, @Nullable Throwable failure) {
		this.failure = failure;
		this.closeCode.complete(code);
		notifyAll();
	}

	@Nullable Throwable failure() {
		return this.failure;
	}

	CompletableFuture<Integer> closeCode() {
		return this.closeCode;
	}

	synchronized List<JsonNode> messages() {
		return List.copyOf(this.messages);
	}

	synchronized JsonNode await(Predicate<JsonNode> wanted) {
		JsonNode message = poll(wanted, this.timeout);
		if (message == null) {
			throw new AssertionError("No such message after %s. Close code %s, failure %s, %d received, last: %s"
				.formatted(this.timeout, this.closeCode.getNow(null), this.failure, this.messages.size(),
						this.messages.subList(Math.max(0, this.messages.size() - 10), this.messages.size())));
		}
		return message;
	}

	synchronized @Nullable JsonNode poll(Predicate<JsonNode> wanted, Duration atMost) {
		long deadline = System.nanoTime() + atMost.toNanos();
		while (true) {
			for (int i = 0; i < this.unseen.size(); i++) {
				if (wanted.test(this.unseen.get(i))) {
					return this.unseen.remove(i);
				}
			}
			long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
			if (left <= 0 || this.closeCode.isDone()) {
				return null;
			}
			try {
				wait(left);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				return null;
			}
		}
	}

	int awaitClose() {
		try {
			return this.closeCode.get(this.timeout.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			throw new AssertionError("Not closed after " + this.timeout, ex);
		}
		catch (ExecutionException ex) {
			throw new AssertionError(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new AssertionError(ex);
		}
	}

}
