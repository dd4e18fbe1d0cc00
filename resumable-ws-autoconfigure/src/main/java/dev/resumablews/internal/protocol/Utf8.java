package dev.resumablews.internal.protocol;

/**
 * The size of texts in UTF-8, without encoding them.
 */
public final class Utf8 {

	private Utf8() {
	}

	/**
	 * Returns how many bytes a text takes.
	 * @param text a text that is well-formed, or a piece of one: a surrogate counts as
	 * half of its pair
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
