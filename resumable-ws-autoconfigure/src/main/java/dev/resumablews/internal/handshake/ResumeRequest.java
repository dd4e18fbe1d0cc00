package dev.resumablews.internal.handshake;

import java.time.Duration;
import java.util.UUID;
import java.util.regex.Pattern;

import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.ServerHttpRequest;

/**
 * The query parameters of a handshake.
 *
 * @param sessionId the session to resume; null for a new one
 * @param lastEventId the last event the client has processed, 0 or more
 * @param epoch the history that the client has processed; null if it did not send one
 * @param ndjson whether the client accepts several messages in one frame
 * @param presence whether the client subscribes to the presence of its session
 * @param longPoll how long the request waits for something to send before it ends; null
 * if it is not a long poll
 */
record ResumeRequest(@Nullable UUID sessionId, long lastEventId, @Nullable Forks epoch, boolean ndjson,
		boolean presence, @Nullable Duration longPoll) {

	private static final Pattern UUID_TEXT = Pattern
		.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

	private static final Pattern DIGITS = Pattern.compile("[0-9]{1,19}");

	private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

	static ResumeRequest parse(ServerHttpRequest request, Endpoint endpoint) throws MalformedException {
		QueryParameters parameters = QueryParameters.of(request);
		UUID sessionId = sessionId(value(parameters, "sessionId"));
		if (endpoint == Endpoint.MESSAGES && sessionId == null) {
			throw new MalformedException("Missing sessionId: messages belong to a session");
		}
		String position = value(parameters, "lastEventId");
		String wait = null;
		if (endpoint == Endpoint.EVENTS) {
			wait = value(parameters, "wait");
			String header = request.getHeaders().getFirst("Last-Event-ID");
			// an EventSource that reconnects repeats its URL, and sends the newer id here
			position = (header != null && !header.isEmpty()) ? header : position;
		}
		return new ResumeRequest(sessionId, lastEventId(position), epoch(value(parameters, "epoch")),
				ndjson(value(parameters, "frames")), presence(value(parameters, "presence")), longPoll(wait));
	}

	private static @Nullable String value(QueryParameters parameters, String name) throws MalformedException {
		try {
			return parameters.first(name);
		}
		catch (IllegalArgumentException ex) {
			throw new MalformedException("Malformed " + name);
		}
	}

	private static @Nullable UUID sessionId(@Nullable String value) throws MalformedException {
		// UUID.fromString also takes 1-1-1-1-1
		if (value != null && !UUID_TEXT.matcher(value).matches()) {
			throw new MalformedException("Malformed sessionId: must be a UUID");
		}
		return (value != null) ? UUID.fromString(value) : null;
	}

	private static long lastEventId(@Nullable String value) throws MalformedException {
		if (value == null) {
			return 0;
		}
		try {
			if (DIGITS.matcher(value).matches()) {
				return Long.parseLong(value);
			}
		}
		catch (NumberFormatException ex) {
			// has 19 digits and is beyond the largest
		}
		throw new MalformedException("Malformed lastEventId: must be an integer, 0 or more");
	}

	private static @Nullable Forks epoch(@Nullable String value) throws MalformedException {
		if (value != null && !Forks.isValid(value)) {
			throw new MalformedException("Malformed epoch: must be one that the server sent");
		}
		return (value != null) ? new Forks(value) : null;
	}

	private static boolean ndjson(@Nullable String value) throws MalformedException {
		if (value != null && !value.equals("ndjson")) {
			throw new MalformedException("Unknown frames: must be ndjson, or absent");
		}
		return value != null;
	}

	private static boolean presence(@Nullable String value) throws MalformedException {
		if (value != null && !value.equals("true") && !value.equals("false")) {
			throw new MalformedException("Malformed presence: must be true, false, or absent");
		}
		return "true".equals(value);
	}

	private static @Nullable Duration longPoll(@Nullable String value) throws MalformedException {
		if (value != null && !SECONDS.matcher(value).matches()) {
			throw new MalformedException("Malformed wait: must be a number of seconds, 0 or more");
		}
		return (value != null) ? Duration.ofSeconds(Long.parseLong(value)) : null;
	}

	/**
	 * Thrown when a parameter is malformed. The message is sent to the client.
	 */
	static final class MalformedException extends Exception {

		MalformedException(String message) {
			super(message);
		}

	}

}
