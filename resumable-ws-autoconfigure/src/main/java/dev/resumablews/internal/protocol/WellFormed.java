package dev.resumablews.internal.protocol;

/**
 * Replaces what UTF-8 and Postgres cannot hold, without changing a text's length.
 */
public final class WellFormed {

	/**
	 * Stands in for what was replaced.
	 */
	public static final char REPLACEMENT = '\uFFFD';

	private WellFormed() {
	}

	/**
	 * Replaces each unpaired surrogate and each NUL by U+FFFD.
	 * @param text any text
	 * @return a text of the same length in UTF-16 units; the same one if it is
	 * well-formed
	 */
	public static String text(String text) {
		return unicode(text).replace('\0', REPLACEMENT);
	}

	/**
	 * Replaces each unpaired surrogate by U+FFFD. For texts in which NUL is escaped, such
	 * as JSON.
	 * @param text any text
	 * @return a text of the same length in UTF-16 units; the same one if it is
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
