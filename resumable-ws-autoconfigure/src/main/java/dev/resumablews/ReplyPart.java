package dev.resumablews;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A part of a streamed reply. Immutable.
 *
 * @param text the next piece of text; an empty text only resets the idle timeout
 * @param finishReason the reason why the reply ends, such as {@code stop} or {@code
 * length}; completes the reply. Null if the reply continues or the reason is unknown
 * @param usage the usage by name, such as {@code total_tokens}; empty if unknown
 */
public record ReplyPart(String text, @Nullable String finishReason, Map<String, Long> usage) {

	public ReplyPart {
		usage = Map.copyOf(usage);
	}

	/**
	 * Creates a part that contains only text.
	 * @param text the next piece of text
	 * @return the part
	 */
	public static ReplyPart text(String text) {
		return new ReplyPart(text, null, Map.of());
	}

}
