package dev.resumablews.benchmarks.load;

import java.nio.charset.StandardCharsets;

import dev.resumablews.benchmarks.wire.ReplyOrder;

/**
 * As much of Engine.IO 4 and Socket.IO 5 as is needed, on a WebSocket from the beginning:
 * {@code 0} opens, {@code 40} connects, {@code 42} is an event, {@code 2} and {@code 3}
 * are ping and pong.
 */
final class SocketIo implements Dialect {

	private static final int TYPE_OFFSET = "42[\"".length();

	private static final byte[] INIT = "session_init".getBytes(StandardCharsets.US_ASCII);

	private final Line line = new Line();

	@Override
	public String request(Target target) {
		return "/socket.io/?EIO=4&transport=websocket";
	}

	@Override
	public String ask(ReplyOrder order) {
		return "42[\"user_message\",{\"content\":\"" + order.content() + "\"}]";
	}

	@Override
	public void read(WsClient client, byte[] buffer, int from, int to) {
		byte engine = buffer[from];
		byte socket = (to - from > 1) ? buffer[from + 1] : 0;
		if (engine == '0') {
			client.send("40");
		}
		else if (engine == '2') {
			client.send("3");
		}
		else if (engine == '4' && socket == '0') {
			client.received(this.line.at(INIT, 0, INIT.length));
		}
		else if (engine == '4' && socket == '2') {
			client.received(this.line.at(buffer, from + TYPE_OFFSET, to));
		}
	}

}
