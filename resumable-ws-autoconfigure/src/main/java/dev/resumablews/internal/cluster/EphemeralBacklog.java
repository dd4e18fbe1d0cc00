package dev.resumablews.internal.cluster;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.internal.ephemeral.EphemeralEvent.Recipient;

/**
 * Queue of ephemeral events to be sent to other nodes. Fair between recipients. When a
 * recipient exceeds its limit, its oldest events are dropped, because newer ones are more
 * useful; when the total limit is exceeded, new events are dropped. Not safe for use by
 * many threads.
 */
final class EphemeralBacklog {

	static final int MAX_EVENTS_OF_RECIPIENT = 100;

	static final int MAX_CHARACTERS_OF_RECIPIENT = 256 * 1024;

	private static final int MAX_EVENTS = 10_000;

	private static final int MAX_CHARACTERS = 8 * 1024 * 1024;

	private final Map<Recipient, Waiting> recipients = new LinkedHashMap<>();

	private int events;

	private int characters;

	void add(Recipient recipient, String text) {
		Waiting waiting = this.recipients.computeIfAbsent(recipient, (key) -> new Waiting());
		while (!waiting.texts.isEmpty() && !waiting.hasRoomFor(text)) {
			remove(waiting);
		}
		if (this.events < MAX_EVENTS && this.characters + text.length() <= MAX_CHARACTERS) {
			waiting.texts.add(text);
			waiting.characters += text.length();
			this.events++;
			this.characters += text.length();
		}
		if (waiting.texts.isEmpty()) {
			this.recipients.remove(recipient);
		}
	}

	boolean isEmpty() {
		return this.events == 0;
	}

	/**
	 * Removes and returns the oldest event of each recipient in turn.
	 * @param maxEvents maximum number of events
	 * @param maxCharacters length at which to stop
	 */
	List<String> take(int maxEvents, int maxCharacters) {
		List<String> taken = new ArrayList<>();
		int length = 0;
		while (!isEmpty() && taken.size() < maxEvents && length < maxCharacters) {
			Iterator<Map.Entry<Recipient, Waiting>> first = this.recipients.entrySet().iterator();
			Map.Entry<Recipient, Waiting> next = first.next();
			first.remove();
			String text = remove(next.getValue());
			taken.add(text);
			length += text.length();
			if (!next.getValue().texts.isEmpty()) {
				this.recipients.put(next.getKey(), next.getValue());
			}
		}
		return taken;
	}

	void clear() {
		this.recipients.clear();
		this.events = 0;
		this.characters = 0;
	}

	private String remove(Waiting waiting) {
		String text = waiting.texts.remove();
		waiting.characters -= text.length();
		this.events--;
		this.characters -= text.length();
		return text;
	}

	/**
	 * Queued events of one recipient.
	 */
	private static final class Waiting {

		private final Deque<String> texts = new ArrayDeque<>(1);

		private int characters;

		boolean hasRoomFor(String text) {
			return this.texts.size() < MAX_EVENTS_OF_RECIPIENT
					&& this.characters + text.length() <= MAX_CHARACTERS_OF_RECIPIENT;
		}

	}

}
