package dev.resumablews.benchmarks.load;

import java.util.Random;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import org.jspecify.annotations.Nullable;

/**
 * Protocol between the clients and a server.
 */
interface Dialect {

	/**
	 * Returns the dialect with a name.
	 */
	static Dialect of(String name) {
		return switch (name) {
			case "json" -> new JsonLines();
			case "socketio" -> new SocketIo();
			default -> throw new IllegalArgumentException("'%s' must be json or socketio".formatted(name));
		};
	}

	/**
	 * Returns the path and the query of the handshake.
	 * @param target the server and session to connect to
	 */
	String request(Target target);

	/**
	 * Returns the message that requests a reply.
	 */
	String replyRequest(ReplyOrder order);

	/**
	 * Returns the session id in a {@code session_init}, with which a client resumes.
	 */
	@Nullable String sessionId(Line init);

	/**
	 * Returns the id of an event, after which a client resumes.
	 */
	@Nullable String eventId(Line event);

	/**
	 * Returns the default back-off of this protocol's client, in milliseconds.
	 * @param failures number of failed attempts since the last connection
	 */
	long backOff(int failures, Random random);

	/**
	 * Reads the text of a frame, and passes each message in it to the client's listener.
	 */
	void read(WsClient client, byte[] buffer, int from, int to);

}
