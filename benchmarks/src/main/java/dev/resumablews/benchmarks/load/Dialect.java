package dev.resumablews.benchmarks.load;

import java.util.Random;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import org.jspecify.annotations.Nullable;

/**
 * How messages are written on a WebSocket.
 */
interface Dialect {

	/**
	 * Returns the dialect of that name, as a request says it.
	 */
	static Dialect of(String name) {
		return switch (name) {
			case "json" -> new JsonLines();
			case "socketio" -> new SocketIo();
			default -> throw new IllegalArgumentException("'%s' must be json or socketio".formatted(name));
		};
	}

	/**
	 * Returns what is asked for in the handshake: the path and the query.
	 * @param target what to connect to
	 */
	String request(Target target);

	/**
	 * Returns the text that asks for a reply.
	 */
	String ask(ReplyOrder order);

	/**
	 * Returns the session that a {@code session_init} names, to resume it.
	 */
	@Nullable String sessionId(Line init);

	/**
	 * Returns the id of an event, to continue after it.
	 */
	@Nullable String eventId(Line event);

	/**
	 * Returns how long the client of this protocol waits by default before it connects
	 * again, in milliseconds.
	 * @param failures how often it has failed since it was last connected
	 * @param outageMillis time since it was last connected
	 */
	long backOff(int failures, long outageMillis, Random random);

	/**
	 * Reads a text, telling the client's listener about each message in it.
	 */
	void read(WsClient client, byte[] buffer, int from, int to);

}
