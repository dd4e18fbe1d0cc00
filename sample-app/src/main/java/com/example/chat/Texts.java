package com.example.chat;

/**
 * Texts that are quoted.
 */
final class Texts {

	private Texts() {
	}

	/**
	 * Returns a text on one line, and its beginning if it is long.
	 * @param most how many code points of it are kept
	 */
	static String quote(String text, int most) {
		String line = text.strip().replaceAll("\\s+", " ");
		int end = line.offsetByCodePoints(0, Math.min(most, line.codePointCount(0, line.length())));
		return (end < line.length()) ? line.substring(0, end) + "…" : line;
	}

}
