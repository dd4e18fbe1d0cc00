package dev.resumablews.internal.protocol;

import java.util.ArrayList;
import java.util.List;

import dev.resumablews.SessionEvent;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;

/**
 * Merges the stored deltas of a running reply, for clients that join while it runs.
 * Contiguous deltas become one delta: it has the offset of the first, the concatenated
 * text, and the event id of the last. An event whose payload deviates from the format of
 * a delta is left unchanged. Safe for use by many threads.
 */
public final class DeltaMerger {

	private static final String DELTA = "assistant_delta";

	private final JsonFactory json = new JsonFactory();

	private final long maxCharacters;

	/**
	 * Creates a merger.
	 * @param maxCharacters maximum length of a merged payload in UTF-16 units; a stored
	 * payload that is longer is left unchanged
	 */
	public DeltaMerger(long maxCharacters) {
		this.maxCharacters = maxCharacters;
	}

	/**
	 * Merges deltas.
	 * @param events events of a session, in order
	 * @return the events, in order, with the same content
	 */
	public List<SessionEvent> merge(List<SessionEvent> events) {
		List<SessionEvent> merged = new ArrayList<>();
		Run run = null;
		for (int i = 0; i < events.size(); i++) {
			SessionEvent event = events.get(i);
			Delta delta = hasNeighbour(events, i) ? read(event) : null;
			if (run != null && delta != null && run.append(event, delta)) {
				continue;
			}
			if (run != null) {
				merged.add(run.toEvent());
			}
			run = (delta != null) ? new Run(event, delta) : null;
			if (delta == null) {
				merged.add(event);
			}
		}
		if (run != null) {
			merged.add(run.toEvent());
		}
		return merged;
	}

	private static boolean hasNeighbour(List<SessionEvent> events, int i) {
		return isDelta(events, i) && (isDelta(events, i - 1) || isDelta(events, i + 1));
	}

	private static boolean isDelta(List<SessionEvent> events, int i) {
		return i >= 0 && i < events.size() && events.get(i).type().equals(DELTA);
	}

	private @Nullable Delta read(SessionEvent event) {
		try (JsonParser parser = this.json.createParser(ObjectReadContext.empty(), event.payload())) {
			return read(parser);
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	private static @Nullable Delta read(JsonParser parser) {
		String messageId = null;
		Long offset = null;
		String content = null;
		if (parser.nextToken() != JsonToken.START_OBJECT) {
			return null;
		}
		while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
			String name = parser.currentName();
			JsonToken value = parser.nextToken();
			if (name.equals("message_id") && messageId == null && value == JsonToken.VALUE_STRING) {
				messageId = parser.getString();
			}
			else if (name.equals("offset") && offset == null && value == JsonToken.VALUE_NUMBER_INT) {
				offset = parser.getLongValue();
			}
			else if (name.equals("content") && content == null && value == JsonToken.VALUE_STRING) {
				content = parser.getString();
			}
			else {
				return null;
			}
		}
		boolean complete = parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
		if (!complete || messageId == null || offset == null || content == null) {
			return null;
		}
		// an unpaired surrogate survives only in its stored escape sequence
		return isWellFormed(messageId) && isWellFormed(content) ? new Delta(messageId, offset, content) : null;
	}

	@SuppressWarnings("ReferenceEquality")
	private static boolean isWellFormed(String text) {
		return WellFormed.text(text) == text;
	}

	/**
	 * Content of a delta's payload.
	 */
	private record Delta(String messageId, long offset, String content) {

	}

	/**
	 * A run of contiguous deltas.
	 */
	private final class Run {

		private final Delta first;

		private SessionEvent last;

		/**
		 * The concatenated text, once there are two deltas.
		 */
		private @Nullable StringBuilder content;

		private long end;

		/**
		 * Total length of the payloads, which bounds the length of the merged one.
		 */
		private long length;

		Run(SessionEvent event, Delta delta) {
			this.first = delta;
			this.last = event;
			this.end = delta.offset() + delta.content().length();
			this.length = event.payload().length();
		}

		boolean append(SessionEvent event, Delta delta) {
			long longer = this.length + event.payload().length();
			if (longer > DeltaMerger.this.maxCharacters || delta.offset() != this.end
					|| !delta.messageId().equals(this.first.messageId())) {
				return false;
			}
			if (this.content == null) {
				this.content = new StringBuilder(this.first.content());
			}
			this.content.append(delta.content());
			this.end += delta.content().length();
			this.length = longer;
			this.last = event;
			return true;
		}

		SessionEvent toEvent() {
			return (this.content != null) ? new SessionEvent(this.last.sessionId(), this.last.id(), this.last.type(),
					payload(this.content), this.last.createdAt()) : this.last;
		}

		private String payload(StringBuilder content) {
			JsonStringEncoder encoder = JsonStringEncoder.getInstance();
			StringBuilder json = new StringBuilder((int) this.length).append("{\"message_id\":\"");
			encoder.quoteAsString(this.first.messageId(), json);
			json.append("\",\"offset\":").append(this.first.offset()).append(",\"content\":\"");
			encoder.quoteAsString(content, json);
			return json.append("\"}").toString();
		}

	}

}
