package dev.resumablews.benchmarks.report;

import java.util.Locale;

/**
 * How figures are written.
 */
final class Numbers {

	private Numbers() {
	}

	/**
	 * Writes a figure with about three digits. What is almost 100 is not rounded to it.
	 */
	static String write(double value) {
		double size = Math.abs(value);
		if (size >= 100 || value == Math.rint(value)) {
			return String.format(Locale.ROOT, "%,.0f", value);
		}
		if (size > 99) {
			return String.format(Locale.ROOT, "%.3f", value);
		}
		return String.format(Locale.ROOT, (size >= 10) ? "%.1f" : "%.2f", value);
	}

}
