package dev.resumablews.internal.protocol;

import java.time.Instant;

/**
 * Formats times as {@link Instant#toString()} does. Caches the part up to the second,
 * which is expensive to format and usually the same for consecutive events. Safe for use
 * by many threads.
 */
final class Timestamps {

	private static final int NANOS_IN_A_MICRO = 1000;

	private static final int MICROS_IN_A_SECOND = 1_000_000;

	private volatile Second latest = Second.of(0);

	/**
	 * Appends a time to a buffer.
	 */
	void append(StringBuilder text, Instant time) {
		int micros = time.getNano() / NANOS_IN_A_MICRO;
		if (micros == 0 || micros % 1000 == 0 || time.getNano() % NANOS_IN_A_MICRO != 0) {
			// times from Postgres almost always have six digits
			text.append(time);
			return;
		}
		Second second = this.latest;
		if (second.epochSecond != time.getEpochSecond()) {
			second = Second.of(time.getEpochSecond());
			this.latest = second;
		}
		text.append(second.text);
		int dot = text.length();
		// the leading 1 preserves the zeros after it and is overwritten by the dot
		text.append(MICROS_IN_A_SECOND + micros).setCharAt(dot, '.');
		text.append('Z');
	}

	/**
	 * A formatted second.
	 */
	private record Second(long epochSecond, String text) {

		static Second of(long epochSecond) {
			String text = Instant.ofEpochSecond(epochSecond).toString();
			return new Second(epochSecond, text.substring(0, text.length() - 1));
		}

	}

}
