package dev.resumablews.benchmarks.wire;

/**
 * The time at which a token was made, as a part of its text: {@code ~} and 15 hexadecimal
 * digits of {@link System#nanoTime()}, a clock that all processes of a Linux machine
 * share. Numbered messages have their number instead.
 */
public final class Stamp {

	/**
	 * First character of a stamp. It occurs nowhere else in the frames of the servers.
	 */
	public static final byte MARK = '~';

	/**
	 * Length of a stamp in characters.
	 */
	public static final int LENGTH = 16;

	private static final int DIGITS = LENGTH - 1;

	private static final String HEX = "0123456789abcdef";

	private Stamp() {
	}

	/**
	 * Writes a time.
	 * @param nanos the time, of {@link System#nanoTime()}
	 * @return the stamp
	 */
	public static String of(long nanos) {
		char[] stamp = new char[LENGTH];
		stamp[0] = MARK;
		for (int i = 0; i < DIGITS; i++) {
			stamp[DIGITS - i] = HEX.charAt((int) (nanos >>> (4 * i)) & 0xf);
		}
		return new String(stamp);
	}

	/**
	 * Reads a stamp.
	 * @param text text that contains the stamp, in ASCII
	 * @param from the index of its mark
	 * @return the time
	 */
	public static long parse(byte[] text, int from) {
		long nanos = 0;
		for (int i = from + 1; i < from + LENGTH; i++) {
			byte digit = text[i];
			nanos = nanos << 4 | ((digit <= '9') ? digit - '0' : digit - 'a' + 10);
		}
		return nanos;
	}

}
