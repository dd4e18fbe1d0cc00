package dev.resumablews.test.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A session as a client rebuilds it from the messages of all its connections. Records
 * each violation of the protocol by the server. Safe for use by many threads.
 */
final class ReplayedSession {

	private final List<JsonNode> events = new ArrayList<>();

	private final Map<String, Reply> replies = new HashMap<>();

	private final Map<String, Long> userMessages = new HashMap<>();

	/**
	 * The last reply to each message.
	 */
	private final Map<Long, String> attempts = new HashMap<>();

	private final Set<Long> answered = new HashSet<>();

	private final List<String> violations = new ArrayList<>();

	private final List<Hole> holes = new ArrayList<>();

	private final List<String> resets = new ArrayList<>();

	private @Nullable String sessionId;

	private long lastEventId;

	private @Nullable String epoch;

	private boolean rebuilding;

	private boolean initialised;

	private boolean truncated;

	private long headAtStart;

	private long replayed;

	private boolean replayComplete;

	/**
	 * Whether the caller chose to omit the events before the first one.
	 */
	private boolean startedInside;

	/**
	 * Starts with a session that another client has opened.
	 */
	synchronized void startAt(String sessionId, long lastEventId) {
		this.sessionId = sessionId;
		this.lastEventId = lastEventId;
		this.startedInside = lastEventId > 0;
	}

	/**
	 * Begins a connection.
	 */
	synchronized void connecting() {
		this.initialised = false;
		this.replayed = 0;
		this.replayComplete = false;
	}

	/**
	 * Processes a message of the server.
	 */
	synchronized void take(JsonNode message) {
		String type = message.path("type").asString("");
		if (type.equals("session_init")) {
			initialise(message);
		}
		else if (!this.initialised) {
			violated("before session_init: " + message);
		}
		else if (message.has("event_id") && !type.equals("ack")) {
			event(type, message);
		}
		else if (type.equals("replay_complete")) {
			replayComplete(message);
		}
		else if (type.equals("session_epoch")) {
			this.epoch = message.path("epoch").asString();
		}
		else if (type.equals("ack")) {
			userMessage(message.path("idempotency_key").asString(), message.path("event_id").asLong());
		}
	}

	private void initialise(JsonNode message) {
		if (this.initialised) {
			violated("second session_init: " + message);
		}
		this.initialised = true;
		this.headAtStart = message.path("last_event_id").asLong(-1);
		String id = message.path("session_id").asString("");
		boolean resuming = this.sessionId != null;
		if (resuming && !message.path("resumed").asBoolean(false)) {
			this.resets.add(message.path("reason").asString("no reason"));
			rewind(message);
		}
		else if (resuming && !id.equals(this.sessionId)) {
			violated("resumed another session than " + this.sessionId + ": " + message);
		}
		if (this.headAtStart < this.lastEventId) {
			violated("log ends before " + this.lastEventId + ": " + message);
		}
		this.truncated = message.path("earliest_event_id").asLong(1) > this.lastEventId + 1;
		this.sessionId = id;
		this.epoch = message.path("epoch").asString(null);
	}

	/**
	 * Drops the events that are no longer in the log, and rebuilds the state from the
	 * others.
	 */
	private void rewind(JsonNode init) {
		long rewindTo = init.path("reason").asString("").equals("history_diverged") ? init.path("rewind_to").asLong(0)
				: 0;
		List<JsonNode> kept = this.events.stream()
			.filter((event) -> event.path("event_id").asLong() <= rewindTo)
			.toList();
		forget();
		this.rebuilding = true;
		kept.forEach((event) -> event(event.path("type").asString(), event));
		this.rebuilding = false;
		this.replayed = 0;
		this.lastEventId = rewindTo;
	}

	private void forget() {
		this.events.clear();
		this.replies.clear();
		this.userMessages.clear();
		this.attempts.clear();
		this.answered.clear();
		this.holes.clear();
		this.startedInside = false;
		this.lastEventId = 0;
	}

	private void event(String type, JsonNode event) {
		long id = event.path("event_id").asLong();
		if (id <= this.lastEventId) {
			violated("event " + id + " after " + this.lastEventId + ": " + event);
			return;
		}
		if (id > this.lastEventId + 1 && !(this.truncated && this.lastEventId == 0) && !this.rebuilding) {
			this.holes.add(new Hole(this.lastEventId + 1, id - 1));
		}
		if (!event.path("payload").isObject() || event.path("created_at").asString("").isEmpty()) {
			violated("event without payload or created_at: " + event);
		}
		boolean replay = event.path("replay").asBoolean(false);
		if (replay != (id <= this.headAtStart)) {
			violated("replay is " + replay + ", but the log ended at " + this.headAtStart + ": " + event);
		}
		this.replayed += replay ? 1 : 0;
		this.lastEventId = id;
		this.events.add(event);
		JsonNode payload = event.path("payload");
		switch (type) {
			case "user_message" -> userMessage(payload.path("idempotency_key").asString(""), id);
			case "assistant_started" -> started(id, payload);
			case "assistant_delta" -> delta(event);
			case "assistant_message" -> finished(event);
			case "assistant_failed" -> reply(event).end(null, event);
			default -> {
				// an event of the application
			}
		}
	}

	private void userMessage(String key, long eventId) {
		Long before = this.userMessages.putIfAbsent(key, eventId);
		if (before != null && before != eventId) {
			violated("message " + key + " is event " + before + " and event " + eventId);
		}
	}

	private void started(long id, JsonNode payload) {
		Reply superseded = this.replies.get(payload.path("supersedes").asString(""));
		long since = (superseded != null) ? Math.min(id, superseded.since) : id;
		this.attempts.put(payload.path("in_reply_to").asLong(-1), payload.path("message_id").asString());
		Reply other = this.replies.put(payload.path("message_id").asString(),
				new Reply(since, payload.path("in_reply_to").asLong(-1), 0));
		if (other != null) {
			violated("reply started twice: " + payload);
		}
	}

	private Reply reply(JsonNode event) {
		return this.replies.computeIfAbsent(event.path("payload").path("message_id").asString(), (id) -> {
			if (!this.truncated && !this.startedInside) {
				violated("reply was not started: " + event);
			}
			long skipped = this.startedInside ? Math.max(0, event.path("payload").path("offset").asLong(0)) : 0;
			return new Reply(0, -1, (int) skipped);
		});
	}

	private void delta(JsonNode event) {
		Reply reply = reply(event);
		int before = reply.text.length();
		reply.delta(event.path("payload").path("offset").asLong(-1), text(event.path("payload")), event);
		// the missing events may be deltas that are merged into this one, which then has
		// at least one character for each of them and for itself
		int said = reply.text.length() - before;
		long id = event.path("event_id").asLong();
		this.holes
			.removeIf((hole) -> hole.last == id - 1 && hole.first > reply.since && said > hole.last - hole.first + 1);
	}

	private void finished(JsonNode event) {
		Reply reply = reply(event);
		reply.end(text(event.path("payload")), event);
		// the missing deltas were compacted into this message
		this.holes.removeIf((hole) -> hole.first > reply.since);
	}

	private void replayComplete(JsonNode message) {
		if (this.replayComplete) {
			violated("second replay_complete: " + message);
		}
		this.replayComplete = true;
		if (message.path("count").asLong(-1) != this.replayed) {
			violated("replayed " + this.replayed + " events, but: " + message);
		}
	}

	private void violated(String what) {
		if (!this.rebuilding) {
			this.violations.add(what);
		}
	}

	private static String text(JsonNode payload) {
		return payload.path("content").asString("");
	}

	synchronized @Nullable String sessionId() {
		return this.sessionId;
	}

	synchronized @Nullable String epoch() {
		return this.epoch;
	}

	synchronized long lastEventId() {
		return this.lastEventId;
	}

	synchronized boolean isInitialised() {
		return this.initialised;
	}

	synchronized boolean isReplayComplete() {
		return this.replayComplete;
	}

	synchronized List<JsonNode> events() {
		return List.copyOf(this.events);
	}

	synchronized List<String> resets() {
		return List.copyOf(this.resets);
	}

	synchronized String text(String messageId) {
		Reply reply = this.replies.get(messageId);
		return (reply != null) ? reply.text.toString() : "";
	}

	/**
	 * Returns the last attempt to reply to a message.
	 */
	synchronized @Nullable String reply(String idempotencyKey) {
		Long asked = this.userMessages.get(idempotencyKey);
		return (asked != null) ? this.attempts.get(asked) : null;
	}

	synchronized boolean hasEnded(String messageId) {
		Reply reply = this.replies.get(messageId);
		return reply != null && reply.ended;
	}

	synchronized boolean hasAnswered(String idempotencyKey) {
		Long asked = this.userMessages.get(idempotencyKey);
		return asked != null && this.answered.contains(asked);
	}

	/**
	 * Returns the violations so far, and the holes that no complete message has explained
	 * yet.
	 */
	synchronized List<String> violations() {
		List<String> all = new ArrayList<>(this.violations);
		this.holes.forEach((hole) -> all.add("events " + hole.first + " to " + hole.last + " are missing"));
		return all;
	}

	private record Hole(long first, long last) {
	}

	/**
	 * A reply, as far as it was received.
	 */
	private final class Reply {

		private final long since;

		private final long inReplyTo;

		/**
		 * Number of characters before the first event that was received.
		 */
		private final int skipped;

		private final StringBuilder text = new StringBuilder();

		private boolean ended;

		Reply(long since, long inReplyTo, int skipped) {
			this.since = since;
			this.inReplyTo = inReplyTo;
			this.skipped = skipped;
		}

		void delta(long start, String piece, JsonNode event) {
			long offset = start - this.skipped;
			int length = this.text.length();
			if (this.ended) {
				violated("delta after the end: " + event);
			}
			else if (offset < 0 || offset > length) {
				violated("delta leaves a hole after " + length + ": " + event);
			}
			else if (offset == length) {
				this.text.append(piece);
			}
			else if (!this.text.substring((int) offset).startsWith(piece)) {
				violated("delta repeats other text than '" + this.text.substring((int) offset) + "': " + event);
			}
		}

		void end(@Nullable String whole, JsonNode event) {
			if (this.ended) {
				violated("second end: " + event);
			}
			this.ended = true;
			ReplayedSession.this.answered.add(this.inReplyTo);
			if (whole != null) {
				if (!whole.startsWith(this.text.toString(), this.skipped)) {
					violated("whole message does not begin with '" + this.text + "': " + event);
				}
				this.text.setLength(0);
				this.text.append(whole);
			}
		}

	}

}
