package com.example.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import tools.jackson.databind.JsonNode;

/**
 * A conversation, reconstructed from the log.
 */
final class LoggedConversation {

	private final List<Entry> entries = new ArrayList<>();

	private final Map<Long, String> questions = new TreeMap<>();

	private final Map<String, Entry> replies = new HashMap<>();

	/**
	 * Creates a conversation.
	 * @param log the events of its session
	 */
	LoggedConversation(List<JsonNode> log) {
		log.forEach(this::read);
	}

	private void read(JsonNode event) {
		String type = event.path("type").stringValue();
		JsonNode payload = event.path("payload");
		String content = payload.path("content").asString("");
		if (type.equals("user_message")) {
			this.questions.put(event.path("event_id").longValue(), content);
			this.entries.add(new Entry("user", content));
			return;
		}
		Entry reply = this.replies.computeIfAbsent(payload.path("message_id").stringValue(),
				(id) -> reply(payload.path("supersedes").asString("")));
		switch (type) {
			case "assistant_started" -> {
				reply.text = "";
				reply.inReplyTo = payload.path("in_reply_to").longValue();
			}
			case "assistant_delta" -> reply.text += content;
			case "assistant_message" -> {
				reply.text = content;
				reply.end(payload.path("finish_reason").asString("none"));
			}
			case "assistant_failed" -> reply.end(payload.path("code").asString("none"));
			default -> throw new AssertionError("Unexpected " + event);
		}
	}

	private Entry reply(String supersedes) {
		Entry former = this.replies.get(supersedes);
		if (former != null) {
			return former;
		}
		Entry reply = new Entry("assistant", "");
		this.entries.add(reply);
		return reply;
	}

	/**
	 * Returns the messages of the user.
	 */
	List<String> questions() {
		return List.copyOf(this.questions.values());
	}

	/**
	 * Returns the answers in the order in which they began.
	 */
	List<Answer> answers() {
		return this.entries.stream()
			.filter((entry) -> entry.role.equals("assistant"))
			.map((entry) -> new Answer(this.questions.getOrDefault(entry.inReplyTo, ""), entry.text, entry.ends))
			.toList();
	}

	/**
	 * Returns the messages that a page shows.
	 */
	List<ChatPage.Message> messages() {
		return this.entries.stream().map((entry) -> new ChatPage.Message(entry.role, entry.text.strip())).toList();
	}

	/**
	 * An answer.
	 *
	 * @param question the message that it answers; empty if it ended before it began
	 * @param text its text
	 * @param ends how it ended; one element, unless there is a fault
	 */
	record Answer(String question, String text, List<String> ends) {
	}

	private static final class Entry {

		private final String role;

		private final List<String> ends = new ArrayList<>();

		private String text;

		private long inReplyTo;

		Entry(String role, String text) {
			this.role = role;
			this.text = text;
		}

		void end(String how) {
			this.ends.add(how);
		}

	}

}
