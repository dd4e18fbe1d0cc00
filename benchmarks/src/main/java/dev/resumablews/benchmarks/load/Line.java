package dev.resumablews.benchmarks.load;

import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/**
 * One message that was received, where it lies in the buffer. Valid only during the call
 * it is given to. Not parsed as JSON: its type stands at a known place, and what else is
 * needed is searched for.
 */
final class Line {

	private static final byte[] SESSION_ID = "\"session_id\":\"".getBytes(StandardCharsets.US_ASCII);

	private static final int UUID_LENGTH = 36;

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
	 * Whether the message's type begins with something.
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
	 * Returns the {@code session_id} of a {@code session_init}.
	 */
	@Nullable String sessionId() {
		for (int i = this.typeAt; i + SESSION_ID.length + UUID_LENGTH <= this.end; i++) {
			int length = 0;
			while (length < SESSION_ID.length && this.buffer[i + length] == SESSION_ID[length]) {
				length++;
			}
			if (length == SESSION_ID.length) {
				return new String(this.buffer, i + length, UUID_LENGTH, StandardCharsets.US_ASCII);
			}
		}
		return null;
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

}
