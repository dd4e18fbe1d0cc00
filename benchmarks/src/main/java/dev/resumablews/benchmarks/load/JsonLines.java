package dev.resumablews.benchmarks.load;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import org.jspecify.annotations.Nullable;

/**
 * The protocol of this library, which the Java peers also implement: JSON, with one or
 * more messages in a frame.
 */
final class JsonLines implements Dialect {

	private static final int TYPE_OFFSET = "{\"type\":\"".length();

	private static final byte[] SESSION_ID = "\"session_id\":\"".getBytes(StandardCharsets.US_ASCII);

	private static final byte[] EVENT_ID = "\"event_id\":".getBytes(StandardCharsets.US_ASCII);

	/**
	 * The defaults of the browser client's {@code minDelay} and {@code maxDelay}.
	 */
	private static final long MIN_DELAY = 500;

	private static final long MAX_DELAY = 30_000;

	private final Line line = new Line();

	@Override
	public String request(Target target) {
		String after = (target.lastEventId() != null) ? target.lastEventId() : "0";
		String resumed = (target.sessionId() != null) ? "&lastEventId=" + after + "&sessionId=" + target.sessionId()
				: "";
		return "/ws?frames=ndjson&token=" + target.token() + resumed;
	}

	@Override
	public String replyRequest(ReplyOrder order) {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		return "{\"type\":\"user_message\",\"content\":\"" + order.content() + "\",\"idempotency_key\":\""
				+ new UUID(random.nextLong(), random.nextLong()) + "\"}";
	}

	@Override
	public @Nullable String sessionId(Line init) {
		return init.wordAfter(SESSION_ID);
	}

	@Override
	public @Nullable String eventId(Line event) {
		return event.wordAfter(EVENT_ID);
	}

	@Override
	public long backOff(int failures, Random random) {
		long limit = (long) Math.min(MAX_DELAY, 2 * MIN_DELAY * Math.pow(1.25, failures));
		return MIN_DELAY + (long) (random.nextDouble() * (limit - MIN_DELAY));
	}

	@Override
	public void read(WsClient client, byte[] buffer, int from, int to) {
		int start = from;
		for (int i = from; i < to; i++) {
			if (buffer[i] == '\n') {
				client.received(this.line.at(buffer, start + TYPE_OFFSET, i));
				start = i + 1;
			}
		}
		if (start < to) {
			client.received(this.line.at(buffer, start + TYPE_OFFSET, to));
		}
	}

}
