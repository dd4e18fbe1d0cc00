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
 * Publishes numbered messages at a steady pace, through requests to the server, each of
 * which is for a part of the recipients. A request that no server accepts is repeated, as
 * an application with an outbox does. A request without an answer is not repeated, and
 * its messages do not count, because they may or may not have been published.
 */
final class Publisher {

	private static final int PARTS = 20;

	private static final int MAX_IN_FLIGHT = 8;

	private static final long TICK_NANOS = 2_000_000;

	private static final long RETRY_NANOS = 50_000_000;

	private static final Duration LONGEST_ANSWER = Duration.ofSeconds(30);

	private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	/**
	 * Numbers of requests that were not accepted.
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
	 * Whether all messages are published.
	 */
	boolean hasEnded() {
		return this.next == this.requests && this.inFlight == 0 && this.refused.isEmpty();
	}

	/**
	 * Returns how many messages may or may not have been published.
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
			.timeout(LONGEST_ANSWER)
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
