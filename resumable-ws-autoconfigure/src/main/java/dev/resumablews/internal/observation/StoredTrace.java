package dev.resumablews.internal.observation;

import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * The form in which a trace is stored: a line for each header that the application's
 * propagation writes, such as {@code traceparent}. What is too long is left out, since
 * the headers of callers end up here.
 */
final class StoredTrace {

	/**
	 * As many characters as the W3C asks to pass on of {@code tracestate}.
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
		// so that others cannot keep it out
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
	 * @param text what {@link #encode} has returned
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
