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
 * Postgres knows how many octets a payload has, and not how many characters. So it is
 * asked for as many octets as there is room for characters, which is at most what has
 * room. If it turns out that the messages have fewer characters than octets, as those of
 * many scripts have, it is asked again for more, by what the messages so far have shown.
 * Not safe for use by many threads.
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
	 * @param maxMessages how many messages to keep at most
	 * @param maxCharacters length of their contents, in UTF-16 units, after which no
	 * further one is kept
	 * @param decoder returns the payload of a message
	 */
	Conversation(int maxMessages, int maxCharacters, Function<StoredMessage, String> decoder) {
		this.maxMessages = maxMessages;
		this.maxCharacters = maxCharacters;
		this.decoder = decoder;
	}

	/**
	 * Reads the messages.
	 * @param source where they are
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
			// if there was room for more octets, there are no more messages
			more = taken >= room && this.newestFirst.size() < this.maxMessages && this.characters < this.maxCharacters;
		}
		Collections.reverse(this.newestFirst);
		return this.newestFirst;
	}

	/**
	 * Returns about how many octets have room.
	 */
	private long room() {
		long left = this.maxCharacters - this.characters;
		return (this.characters > 0) ? Math.max(left, (long) (left * ((double) this.bytes / this.characters))) : left;
	}

	/**
	 * The content is taken out here and not by Postgres, which cannot give a text that
	 * holds the character NUL.
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
	 * Reads messages.
	 */
	@FunctionalInterface
	interface Source {

		/**
		 * Returns messages, newest first; none only if there is none.
		 * @param before id of the last message that was returned, or the largest number
		 * @param limit how many to return at most
		 * @param bytes octets of the payloads after which to stop
		 */
		List<StoredMessage> read(long before, int limit, long bytes);

	}

	/**
	 * A message in the log.
	 *
	 * @param id its event id
	 * @param type its event type
	 * @param payload its payload, as it is stored
	 * @param bytes octets of that
	 */
	record StoredMessage(long id, String type, String payload, long bytes) {

	}

}
