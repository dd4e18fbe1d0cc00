package dev.resumablews;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A piece of a reply. Immutable.
 *
 * @param text what is said next; may be empty, then the part is a sign of life
 * @param finishReason why the reply ends, such as {@code stop} or {@code length}; the
 * reply is complete then. Null when it continues, or the reason is not known
 * @param usage what the reply cost, by name, such as {@code total_tokens}; empty when
 * that is not known
 */
public record ReplyPart(String text, @Nullable String finishReason, Map<String, Long> usage) {

	public ReplyPart {
		usage = Map.copyOf(usage);
	}

	/**
	 * Creates a part that is text alone.
	 * @param text what is said next
	 * @return the part
	 */
	public static ReplyPart text(String text) {
		return new ReplyPart(text, null, Map.of());
	}

}
