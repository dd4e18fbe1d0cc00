package dev.resumablews.benchmarks.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.LongConsumer;

import dev.resumablews.benchmarks.wire.Stamp;
import org.jspecify.annotations.Nullable;

/**
 * A received message, as a range of the read buffer. Valid only during the call to which
 * it is passed. It is not parsed as JSON: its type is at a known offset, and other fields
 * are searched for.
 */
final class Line {

	private byte[] buffer = {};

	private int typeAt;

	private int end;

	Line at(byte[] buffer, int typeAt, int end) {
		this.buffer = buffer;
		this.typeAt = typeAt;
		this.end = end;
		return this;
	}

	/**
	 * Returns whether the message's type begins with a prefix.
	 */
	boolean is(byte[] type) {
		if (this.end - this.typeAt < type.length) {
			return false;
		}
		for (int i = 0; i < type.length; i++) {
			if (this.buffer[this.typeAt + i] != type[i]) {
				return false;
			}
		}
		return true;
	}

	byte[] buffer() {
		return this.buffer;
	}

	int from() {
		return this.typeAt;
	}

	int end() {
		return this.end;
	}

	/**
	 * Passes each stamp in this message to a consumer.
	 */
	void forEachStamp(LongConsumer consumer) {
		for (int i = this.typeAt; i + Stamp.LENGTH <= this.end; i++) {
			if (this.buffer[i] == Stamp.MARK) {
				consumer.accept(Stamp.parse(this.buffer, i));
				i += Stamp.LENGTH - 1;
			}
		}
	}

	/**
	 * Returns the word after a prefix, such as an id after its field name; null if the
	 * message does not contain the prefix.
	 */
	@Nullable String wordAfter(byte[] before) {
		for (int i = this.typeAt; i + before.length <= this.end; i++) {
			if (Arrays.equals(this.buffer, i, i + before.length, before, 0, before.length)) {
				int from = i + before.length;
				int to = from;
				while (to < this.end && isPartOfWord(this.buffer[to])) {
					to++;
				}
				return text(from, to);
			}
		}
		return null;
	}

	/**
	 * Returns the last word of the message.
	 */
	String lastWord() {
		int to = this.end;
		while (to > this.typeAt && !isPartOfWord(this.buffer[to - 1])) {
			to--;
		}
		int from = to;
		while (from > this.typeAt && isPartOfWord(this.buffer[from - 1])) {
			from--;
		}
		return text(from, to);
	}

	/**
	 * Returns the type, and the code if there is one.
	 */
	@Override
	public String toString() {
		String text = new String(this.buffer, this.typeAt, this.end - this.typeAt, StandardCharsets.UTF_8);
		int code = text.indexOf("\"code\":\"");
		String type = text.substring(0, Math.max(0, text.indexOf('"')));
		return (code < 0) ? type : type + " " + text.substring(code + 8, text.indexOf('"', code + 8));
	}

	private String text(int from, int to) {
		return new String(this.buffer, from, to - from, StandardCharsets.US_ASCII);
	}

	/**
	 * Returns whether a character occurs in UUIDs, numbers and Base64 for URLs.
	 */
	private static boolean isPartOfWord(byte character) {
		return Character.isLetterOrDigit(character) || character == '-' || character == '_';
	}

}
