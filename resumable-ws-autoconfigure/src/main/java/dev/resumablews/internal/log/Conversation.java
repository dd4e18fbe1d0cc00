package dev.resumablews.internal.log;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

import dev.resumablews.ConversationMessage;
import dev.resumablews.ConversationMessage.Role;
import tools.jackson.databind.json.JsonMapper;

/**
 * The newest messages of a conversation, read from the newest to the oldest until one
 * does not fit. The newest one always fits.
 * <p>
 * Postgres stores the size of a payload in bytes, not in characters. The first query
 * therefore requests as many bytes as characters are allowed, which never exceeds the
 * limit. If the messages have fewer characters than bytes, which is common in many
 * scripts, further queries extrapolate from the messages read so far. Not safe for use by
 * many threads.
 */
final class Conversation {

	private final JsonMapper json = JsonMapper.shared();

	private final int maxMessages;

	private final int maxCharacters;

	private final Function<StoredMessage, String> decoder;

	private final List<ConversationMessage> newestFirst = new ArrayList<>();

	private long characters;

	private long bytes;

	/**
	 * Creates an empty conversation.
	 * @param maxMessages maximum number of messages
	 * @param maxCharacters maximum total length of their contents, in UTF-16 units
	 * @param decoder returns the payload of a message
	 */
	Conversation(int maxMessages, int maxCharacters, Function<StoredMessage, String> decoder) {
		this.maxMessages = maxMessages;
		this.maxCharacters = maxCharacters;
		this.decoder = decoder;
	}

	/**
	 * Reads the messages.
	 * @param source provides the messages
	 * @return the messages, oldest first
	 */
	List<ConversationMessage> read(Source source) {
		long before = Long.MAX_VALUE;
		boolean more = true;
		while (more) {
			long room = room();
			long taken = 0;
			for (StoredMessage message : source.read(before, this.maxMessages - this.newestFirst.size(), room)) {
				if (!add(message)) {
					taken = 0;
					break;
				}
				before = message.id();
				taken += message.bytes();
			}
			// fewer bytes than requested mean that there are no more messages
			more = taken >= room && this.newestFirst.size() < this.maxMessages && this.characters < this.maxCharacters;
		}
		Collections.reverse(this.newestFirst);
		return this.newestFirst;
	}

	/**
	 * Returns the estimated number of bytes that still fit.
	 */
	private long room() {
		long left = this.maxCharacters - this.characters;
		return (this.characters > 0) ? Math.max(left, (long) (left * ((double) this.bytes / this.characters))) : left;
	}

	/**
	 * Extracts the content in Java, because Postgres cannot return a text that contains
	 * NUL.
	 */
	private boolean add(StoredMessage message) {
		String content = this.json.readTree(this.decoder.apply(message)).path("content").asString("");
		if (!this.newestFirst.isEmpty() && this.characters + content.length() > this.maxCharacters) {
			return false;
		}
		this.newestFirst
			.add(new ConversationMessage(message.type().equals("user_message") ? Role.USER : Role.ASSISTANT, content));
		this.characters += content.length();
		this.bytes += message.bytes();
		return true;
	}

	/**
	 * Strategy that reads messages.
	 */
	@FunctionalInterface
	interface Source {

		/**
		 * Returns messages, newest first; empty only if there are none.
		 * @param before id of the oldest message returned so far, or
		 * {@link Long#MAX_VALUE}
		 * @param limit maximum number of messages
		 * @param bytes total payload size in bytes at which to stop
		 */
		List<StoredMessage> read(long before, int limit, long bytes);

	}

	/**
	 * A message in the log.
	 *
	 * @param id its event id
	 * @param type its event type
	 * @param payload its payload in stored form
	 * @param bytes size of the payload in bytes
	 */
	record StoredMessage(long id, String type, String payload, long bytes) {

	}

}
