package dev.resumablews.internal.protocol;

/**
 * Converts messages written by {@link FrameWriter} to server-sent events. Stateless.
 */
public final class EventStreamWriter {

	private static final String TYPE = "{\"type\":\"";

	private static final String EVENT_ID = "\",\"event_id\":";

	private static final String RESTARTING = TYPE + "server_restarting\",\"reconnect_after_ms\":";

	private EventStreamWriter() {
	}

	/**
	 * Writes a message as a server-sent event. A durable event carries its id. {@code
	 * server_restarting} sets the reconnection time of the {@code EventSource}.
	 * @param message one message
	 * @param text buffer to append to
	 */
	public static void write(String message, StringBuilder text) {
		long eventId = eventId(message);
		if (eventId > 0) {
			text.append("id: ").append(eventId).append('\n');
		}
		if (message.startsWith(RESTARTING)) {
			text.append("retry: ").append(number(message, RESTARTING.length())).append('\n');
		}
		text.append("data: ").append(message).append("\n\n");
	}

	/**
	 * Returns whether a message only describes the state of the connection, so that a
	 * long poll has nothing to return yet.
	 * @param message the message
	 * @return whether it is {@code session_init} or {@code replay_complete}
	 */
	public static boolean isPreamble(String message) {
		return message.startsWith(TYPE + "session_init\"") || message.startsWith(TYPE + "replay_complete\"");
	}

	/**
	 * Returns the id of a durable event. It directly follows the type, which is not the
	 * case in any control message.
	 * @return the id; 0 for a control message
	 */
	private static long eventId(String message) {
		int type = message.indexOf('"', TYPE.length());
		return (type > 0 && message.startsWith(EVENT_ID, type)) ? number(message, type + EVENT_ID.length()) : 0;
	}

	private static long number(String message, int begin) {
		int end = begin;
		while (end < message.length() && Character.isDigit(message.charAt(end))) {
			end++;
		}
		return Long.parseLong(message, begin, end, 10);
	}

}
