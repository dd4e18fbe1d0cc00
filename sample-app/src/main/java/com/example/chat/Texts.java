package com.example.chat;

/**
 * Shortens texts for quotation.
 */
final class Texts {

	private Texts() {
	}

	/**
	 * Returns a text on one line, truncated if it is long.
	 * @param most the maximum number of code points
	 */
	static String quote(String text, int most) {
		String line = text.strip().replaceAll("\\s+", " ");
		int end = line.offsetByCodePoints(0, Math.min(most, line.codePointCount(0, line.length())));
		return (end < line.length()) ? line.substring(0, end) + "…" : line;
	}

}
