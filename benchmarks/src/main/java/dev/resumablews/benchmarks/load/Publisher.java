package dev.resumablews.benchmarks.load;

import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.jspecify.annotations.Nullable;

/**
 * Publishes numbered messages at a steady pace, with requests to the server that each
 * cover a part of the recipients. Retries a request that no server accepts, as an
 * application with an outbox does. Does not retry a request without a response: its
 * messages do not count, because their outcome is unknown.
 */
final class Publisher {

	private static final int PARTS = 20;

	private static final int MAX_IN_FLIGHT = 8;

	private static final long TICK_NANOS = 2_000_000;

	private static final long RETRY_NANOS = 50_000_000;

	private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(30);

	private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	/**
	 * Numbers of the requests to retry.
	 */
	private final Queue<Integer> refused = new PriorityQueue<>();

	/**
	 * Written by the threads of the HTTP client.
	 */
	private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();

	private final EventLoop loop;

	private final LoadRequest.Crowd crowd;

	private final List<Recipient> recipients;

	private final int parts;

	private final int requests;

	private long start;

	private long notBefore;

	private int next;

	private int inFlight;

	private int unknown;

	Publisher(EventLoop loop, LoadRequest.Crowd crowd, List<Recipient> recipients) {
		this.loop = loop;
		this.crowd = crowd;
		this.recipients = recipients;
		this.parts = Math.min(PARTS, crowd.clients());
		this.requests = crowd.messages() * this.parts;
	}

	void begin() {
		this.start = System.nanoTime();
		this.notBefore = this.start;
		tick();
	}

	/**
	 * Returns whether all messages have been published.
	 */
	boolean hasEnded() {
		return this.next == this.requests && this.inFlight == 0 && this.refused.isEmpty();
	}

	/**
	 * Returns the number of messages whose outcome is unknown.
	 */
	int unknown() {
		return this.unknown;
	}

	private void tick() {
		long now = System.nanoTime();
		for (Answer answer = this.answers.poll(); answer != null; answer = this.answers.poll()) {
			take(answer, now);
		}
		while (now >= this.notBefore && this.inFlight < MAX_IN_FLIGHT) {
			Integer refused = this.refused.poll();
			if (refused == null && (this.next == this.requests || due(this.next) > now)) {
				break;
			}
			send((refused != null) ? refused : this.next++);
		}
		if (!hasEnded()) {
			this.loop.at(now + TICK_NANOS, this::tick);
		}
	}

	private long due(int request) {
		return this.start + this.crowd.periodMillis() * 1_000_000 * request / this.parts;
	}

	private void send(int request) {
		this.inFlight++;
		URI uri = URI.create("http://127.0.0.1:%d/bench/messages?from=%d&to=%d&number=%d".formatted(this.crowd.port(),
				this.crowd.first() + from(request), this.crowd.first() + to(request), request / this.parts));
		HttpRequest post = HttpRequest.newBuilder(uri)
			.timeout(RESPONSE_TIMEOUT)
			.POST(HttpRequest.BodyPublishers.noBody())
			.build();
		this.http.sendAsync(post, BodyHandlers.discarding())
			.whenComplete((response, failure) -> this.answers
				.add(new Answer(request, response != null && response.statusCode() == 200, isRefusal(failure))));
	}

	private void take(Answer answer, long now) {
		this.inFlight--;
		if (answer.refused()) {
			this.refused.add(answer.request());
			this.notBefore = now + RETRY_NANOS;
			return;
		}
		for (int i = from(answer.request()); i < to(answer.request()); i++) {
			if (answer.published()) {
				this.recipients.get(i).published(answer.request() / this.parts);
			}
			else {
				this.unknown++;
			}
		}
	}

	private int from(int request) {
		return request % this.parts * this.recipients.size() / this.parts;
	}

	private int to(int request) {
		return (request % this.parts + 1) * this.recipients.size() / this.parts;
	}

	private static boolean isRefusal(@Nullable Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof ConnectException) {
				return true;
			}
		}
		return false;
	}

	private record Answer(int request, boolean published, boolean refused) {

	}

}
