package dev.resumablews.benchmarks.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import org.jspecify.annotations.Nullable;

/**
 * The necessary subset of Engine.IO 4 and Socket.IO 5, on a WebSocket without preceding
 * polls: {@code 0} opens, {@code 40} connects, {@code 42} is an event, {@code 2} and
 * {@code 3} are ping and pong. The {@code pid} of a connection and the offset at the end
 * of each event let the server recover its state.
 */
final class SocketIo implements Dialect {

	private static final int TYPE_OFFSET = "42[\"".length();

	private static final byte[] INIT = "session_init".getBytes(StandardCharsets.US_ASCII);

	private static final byte[] SESSION_ID = "\"pid\":\"".getBytes(StandardCharsets.US_ASCII);

	/**
	 * The defaults of Socket.IO's client for {@code reconnectionDelay},
	 * {@code reconnectionDelayMax} and {@code randomizationFactor}.
	 */
	private static final long MIN_DELAY = 1000;

	private static final long MAX_DELAY = 5000;

	private static final double RANDOMIZATION = 0.5;

	private final Line line = new Line();

	@Override
	public String request(Target target) {
		return "/socket.io/?EIO=4&transport=websocket&user=" + target.user();
	}

	@Override
	public String replyRequest(ReplyOrder order) {
		return "42[\"user_message\",{\"content\":\"" + order.content() + "\"}]";
	}

	@Override
	public @Nullable String sessionId(Line init) {
		return init.wordAfter(SESSION_ID);
	}

	@Override
	public String eventId(Line event) {
		return event.lastWord();
	}

	@Override
	public long backOff(int failures, Random random) {
		double deviation = RANDOMIZATION * (2 * random.nextDouble() - 1);
		return (long) Math.min(MAX_DELAY, MIN_DELAY * Math.pow(2, failures) * (1 + deviation));
	}

	@Override
	public void read(WsClient client, byte[] buffer, int from, int to) {
		byte engine = buffer[from];
		byte socket = (to - from > 1) ? buffer[from + 1] : 0;
		if (engine == '0') {
			client.send("40" + recovery(client.target()));
		}
		else if (engine == '2') {
			client.send("3");
		}
		else if (engine == '4' && socket == '0') {
			byte[] init = Arrays.copyOf(INIT, INIT.length + to - from);
			System.arraycopy(buffer, from, init, INIT.length, to - from);
			client.received(this.line.at(init, 0, init.length));
		}
		else if (engine == '4' && socket == '2') {
			client.received(this.line.at(buffer, from + TYPE_OFFSET, to));
		}
	}

	/**
	 * Without an offset, the server cannot recover anything.
	 */
	private static String recovery(Target target) {
		return (target.sessionId() != null && target.lastEventId() != null)
				? "{\"pid\":\"" + target.sessionId() + "\",\"offset\":\"" + target.lastEventId() + "\"}" : "";
	}

}
