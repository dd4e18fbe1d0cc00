package dev.resumablews.internal.reply;

import dev.resumablews.internal.protocol.WellFormed;
import org.jspecify.annotations.Nullable;

/**
 * What a reply has said so far, and how much of it was taken to be stored. Positions and
 * lengths are UTF-16 units. Not safe for use by many threads.
 */
final class ReplyText {

	private final int maxLength;

	private final StringBuilder said = new StringBuilder();

	private int taken;

	/**
	 * The first half of a surrogate pair whose second half is yet to come; empty mostly.
	 */
	private String half = "";

	ReplyText(int maxLength) {
		this.maxLength = maxLength;
	}

	/**
	 * Adds what is said next.
	 * @param piece any text; it may begin or end within a surrogate pair
	 * @return whether it fitted; if not, it was cut off and nothing may follow
	 */
	boolean add(String piece) {
		String text = this.half + piece;
		int end = text.length();
		if (end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) {
			end--;
		}
		this.half = text.substring(end);
		this.said.append(WellFormed.text(text.substring(0, end)));
		if (this.said.length() <= this.maxLength) {
			return true;
		}
		this.said.setLength(cut(this.maxLength));
		this.half = "";
		return false;
	}

	/**
	 * Nothing follows.
	 */
	void end() {
		if (!this.half.isEmpty() && this.said.length() < this.maxLength) {
			this.said.append(WellFormed.REPLACEMENT);
		}
		this.half = "";
	}

	boolean isEmpty() {
		return this.said.isEmpty();
	}

	int untaken() {
		return this.said.length() - this.taken;
	}

	/**
	 * Takes what was not taken yet.
	 * @param limit how much to take at most, at least two
	 * @return the next piece; null when there is nothing
	 */
	@Nullable Piece take(int limit) {
		int end = cut(Math.min(this.taken + limit, this.said.length()));
		if (end <= this.taken) {
			return null;
		}
		Piece piece = new Piece(this.taken, this.said.substring(this.taken, end));
		this.taken = end;
		return piece;
	}

	/**
	 * Takes all that is left, and returns everything that was said.
	 * @return the whole text
	 */
	String takeWhole() {
		this.taken = this.said.length();
		return this.said.toString();
	}

	private int cut(int position) {
		boolean withinPair = position > 0 && position < this.said.length()
				&& Character.isHighSurrogate(this.said.charAt(position - 1));
		return withinPair ? position - 1 : position;
	}

	/**
	 * A piece of the text.
	 *
	 * @param offset where it begins
	 * @param content the piece
	 */
	record Piece(int offset, String content) {

	}

}
