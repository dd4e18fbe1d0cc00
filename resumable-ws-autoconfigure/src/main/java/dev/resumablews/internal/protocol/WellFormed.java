package dev.resumablews.internal.protocol;

/**
 * Replaces characters that UTF-8 or Postgres cannot represent, without changing a
 * string's length.
 */
public final class WellFormed {

	/**
	 * Replacement for such characters.
	 */
	public static final char REPLACEMENT = '\uFFFD';

	private WellFormed() {
	}

	/**
	 * Replaces each unpaired surrogate and each NUL with U+FFFD.
	 * @param text any string
	 * @return a string of the same length in UTF-16 units; the same instance if it is
	 * well-formed
	 */
	public static String text(String text) {
		return unicode(text).replace('\0', REPLACEMENT);
	}

	/**
	 * Replaces each unpaired surrogate with U+FFFD. For strings in which NUL is escaped,
	 * such as JSON.
	 * @param text any string
	 * @return a string of the same length in UTF-16 units; the same instance if it is
	 * well-formed
	 */
	public static String unicode(String text) {
		StringBuilder repaired = null;
		for (int i = 0; i < text.length(); i++) {
			char unit = text.charAt(i);
			if (!Character.isSurrogate(unit)) {
				continue;
			}
			if (Character.isHighSurrogate(unit) && i + 1 < text.length()
					&& Character.isLowSurrogate(text.charAt(i + 1))) {
				i++;
				continue;
			}
			if (repaired == null) {
				repaired = new StringBuilder(text);
			}
			repaired.setCharAt(i, REPLACEMENT);
		}
		return (repaired != null) ? repaired.toString() : text;
	}

}
