package dev.resumablews.internal.observation;

import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * Encodes traces for storage, with one line per header of the application's propagation,
 * such as {@code traceparent}. Headers that are too long are omitted, because callers
 * control their content.
 */
final class StoredTrace {

	/**
	 * Number of characters of {@code tracestate} that the W3C requires to propagate.
	 */
	private static final int LONGEST_VALUE = 512;

	private static final int LONGEST = 1024;

	private StoredTrace() {
	}

	/**
	 * Returns a trace as text.
	 * @param headers the headers
	 * @return the text; null if there is nothing to store
	 */
	static @Nullable String encode(@Nullable Map<String, String> headers) {
		if (headers == null || headers.isEmpty()) {
			return null;
		}
		StringBuilder lines = new StringBuilder();
		// first, so that other headers cannot displace it
		append(lines, "traceparent", headers.get("traceparent"));
		headers.forEach((name, value) -> {
			if (!name.equals("traceparent")) {
				append(lines, name, value);
			}
		});
		return lines.isEmpty() ? null : lines.toString();
	}

	/**
	 * Returns the headers of a trace.
	 * @param text the result of {@link #encode}
	 * @return the headers; empty if there are none
	 */
	static Map<String, String> decode(@Nullable String text) {
		Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
		if (text != null) {
			text.lines().forEach((line) -> {
				int colon = line.indexOf(':');
				if (colon > 0) {
					headers.put(line.substring(0, colon), line.substring(colon + 1));
				}
			});
		}
		return headers;
	}

	private static void append(StringBuilder lines, String name, @Nullable String value) {
		if (value == null || value.length() > LONGEST_VALUE || !isPlain(value) || !isPlain(name)
				|| name.indexOf(':') >= 0 || lines.length() + name.length() + value.length() + 2 > LONGEST) {
			return;
		}
		lines.append(name).append(':').append(value).append('\n');
	}

	private static boolean isPlain(String text) {
		return text.chars().allMatch((each) -> each >= ' ' && each < 0x7f);
	}

}
