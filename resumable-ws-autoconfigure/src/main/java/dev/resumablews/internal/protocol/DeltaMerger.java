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
 * Makes few events of the many deltas that a running reply has left in the log, for
 * clients that come while it runs. What follows one another without a hole is merged into
 * one delta: at the offset of the first, with the text of all, as the event of the last.
 * A payload that is not exactly what a delta's should be leaves its event as it is. Safe
 * for use by many threads.
 */
public final class DeltaMerger {

	private static final String DELTA = "assistant_delta";

	private final JsonFactory json = new JsonFactory();

	private final long maxCharacters;

	/**
	 * Creates a merger.
	 * @param maxCharacters length that a merged payload has at most, in UTF-16 units; one
	 * that was stored longer stays as it is
	 */
	public DeltaMerger(long maxCharacters) {
		this.maxCharacters = maxCharacters;
	}

	/**
	 * Merges deltas.
	 * @param events events of a session, in order
	 * @return the events, in order; nothing is left out that the last events do not hold
	 */
	public List<SessionEvent> merge(List<SessionEvent> events) {
		List<SessionEvent> merged = new ArrayList<>();
		Run run = null;
		for (int i = 0; i < events.size(); i++) {
			SessionEvent event = events.get(i);
			Delta delta = hasNeighbour(events, i) ? read(event) : null;
			if (run != null && delta != null && run.take(event, delta)) {
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
		// half a surrogate pair survives only as the escape it was stored as
		return isWellFormed(messageId) && isWellFormed(content) ? new Delta(messageId, offset, content) : null;
	}

	@SuppressWarnings("ReferenceEquality")
	private static boolean isWellFormed(String text) {
		return WellFormed.text(text) == text;
	}

	/**
	 * What a delta says.
	 */
	private record Delta(String messageId, long offset, String content) {

	}

	/**
	 * Deltas that follow one another.
	 */
	private final class Run {

		private final Delta first;

		private SessionEvent last;

		/**
		 * The texts of all, once there are two.
		 */
		private @Nullable StringBuilder content;

		private long end;

		/**
		 * Length of all payloads; that of the merged one is no larger.
		 */
		private long length;

		Run(SessionEvent event, Delta delta) {
			this.first = delta;
			this.last = event;
			this.end = delta.offset() + delta.content().length();
			this.length = event.payload().length();
		}

		boolean take(SessionEvent event, Delta delta) {
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
