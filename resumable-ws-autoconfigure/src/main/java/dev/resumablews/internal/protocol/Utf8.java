package dev.resumablews.internal.protocol;

/**
 * Computes the length of strings in UTF-8 without encoding them.
 */
public final class Utf8 {

	private Utf8() {
	}

	/**
	 * Returns the number of bytes of a string in UTF-8.
	 * @param text a well-formed string or a part of one: each surrogate counts as half of
	 * its pair
	 * @return the number of bytes
	 */
	public static long length(CharSequence text) {
		long length = 0;
		for (int i = 0; i < text.length(); i++) {
			char unit = text.charAt(i);
			length += (unit < 0x80) ? 1 : (unit < 0x800 || Character.isSurrogate(unit)) ? 2 : 3;
		}
		return length;
	}

}
