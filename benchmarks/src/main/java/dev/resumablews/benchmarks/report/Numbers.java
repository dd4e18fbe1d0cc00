package dev.resumablews.benchmarks.report;

import java.util.Locale;

/**
 * Formats figures.
 */
final class Numbers {

	private Numbers() {
	}

	/**
	 * Formats a figure with about three digits. Does not round values just below 100 to
	 * 100.
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
