package dev.resumablews.reply;

/**
 * Replaces what Postgres and UTF-8 cannot hold: unpaired surrogates and NUL.
 */
final class WellFormedText {

	static final char REPLACEMENT = '\uFFFD';

	private WellFormedText() {
	}

	/**
	 * Returns a text with each unpaired surrogate and each NUL replaced by U+FFFD.
	 * @param text the text
	 * @return a text of the same length
	 */
	static String of(String text) {
		if (isPlain(text)) {
			return text;
		}
		StringBuilder result = new StringBuilder(text);
		for (int i = 0; i < result.length(); i++) {
			char c = result.charAt(i);
			if (Character.isHighSurrogate(c) && i + 1 < result.length()
					&& Character.isLowSurrogate(result.charAt(i + 1))) {
				i++;
			}
			else if (Character.isSurrogate(c) || c == 0) {
				result.setCharAt(i, REPLACEMENT);
			}
		}
		return result.toString();
	}

	private static boolean isPlain(String text) {
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == 0 || Character.isSurrogate(c)) {
				return false;
			}
		}
		return true;
	}

}
