package dev.resumablews.benchmarks.load;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

import dev.resumablews.benchmarks.wire.ReplyOrder;

/**
 * The protocol of this library, which the peers in Java speak, too: JSON, several
 * messages in a frame if the server likes.
 */
final class JsonLines implements Dialect {

	private static final int TYPE_OFFSET = "{\"type\":\"".length();

	private final Line line = new Line();

	@Override
	public String request(Target target) {
		String resumed = (target.sessionId() != null) ? "&lastEventId=0&sessionId=" + target.sessionId() : "";
		return "/ws?frames=ndjson&token=" + target.token() + resumed;
	}

	@Override
	public String ask(ReplyOrder order) {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		return "{\"type\":\"user_message\",\"content\":\"" + order.content() + "\",\"idempotency_key\":\""
				+ new UUID(random.nextLong(), random.nextLong()) + "\"}";
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
