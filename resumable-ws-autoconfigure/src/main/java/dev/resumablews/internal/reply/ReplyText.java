package dev.resumablews.internal.reply;

import dev.resumablews.internal.protocol.WellFormed;
import org.jspecify.annotations.Nullable;

/**
 * The text of a reply so far, and how much of it was taken to be stored. Positions and
 * lengths are in UTF-16 units. Not safe for use by many threads.
 */
final class ReplyText {

	private final int maxLength;

	private final StringBuilder text = new StringBuilder();

	private int taken;

	/**
	 * The first half of a surrogate pair whose second half has not arrived; usually
	 * empty.
	 */
	private String half = "";

	ReplyText(int maxLength) {
		this.maxLength = maxLength;
	}

	/**
	 * Adds a piece of text.
	 * @param piece any text; it may begin or end within a surrogate pair
	 * @return whether it fitted; if not, the text was cut off and is complete
	 */
	boolean add(String piece) {
		String text = this.half + piece;
		int end = text.length();
		if (end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) {
			end--;
		}
		this.half = text.substring(end);
		this.text.append(WellFormed.text(text.substring(0, end)));
		if (this.text.length() <= this.maxLength) {
			return true;
		}
		this.text.setLength(cut(this.maxLength));
		this.half = "";
		return false;
	}

	/**
	 * Ends the text.
	 */
	void end() {
		if (!this.half.isEmpty() && this.text.length() < this.maxLength) {
			this.text.append(WellFormed.REPLACEMENT);
		}
		this.half = "";
	}

	boolean isEmpty() {
		return this.text.isEmpty();
	}

	int untaken() {
		return this.text.length() - this.taken;
	}

	/**
	 * Takes the next piece that was not taken yet.
	 * @param limit maximum length, at least two
	 * @return the next piece; null if there is none
	 */
	@Nullable Piece take(int limit) {
		int end = cut(Math.min(this.taken + limit, this.text.length()));
		if (end <= this.taken) {
			return null;
		}
		Piece piece = new Piece(this.taken, this.text.substring(this.taken, end));
		this.taken = end;
		return piece;
	}

	/**
	 * Takes the remaining text, and returns the whole text.
	 * @return the whole text
	 */
	String takeWhole() {
		this.taken = this.text.length();
		return this.text.toString();
	}

	private int cut(int position) {
		boolean withinPair = position > 0 && position < this.text.length()
				&& Character.isHighSurrogate(this.text.charAt(position - 1));
		return withinPair ? position - 1 : position;
	}

	/**
	 * A piece of the text.
	 *
	 * @param offset its position in the text
	 * @param content its text
	 */
	record Piece(int offset, String content) {

	}

}
