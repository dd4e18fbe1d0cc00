package dev.resumablews;

import java.time.Duration;

import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;
import org.springframework.util.unit.DataSize;

/**
 * Validation rules for property values. Each rule throws an exception that names the
 * property, its value and the accepted values.
 * <p>
 * Spring reads a number without a unit as milliseconds or bytes. Lower bounds reject
 * numbers that were meant in another unit, such as {@code 30} for 30 days.
 */
final class PropertyRules {

	private PropertyRules() {
	}

	static void require(boolean holds, String name, Object value, String right) {
		if (!holds) {
			throw refused(name, show(value), right);
		}
	}

	/**
	 * Requires a minimum duration.
	 * @param unit the unit in which such a duration is usually written
	 */
	static void requireAtLeast(String name, Duration value, String least, String unit) {
		requireAtLeast(name, value, least, unit, least + " or more");
	}

	static void requireZeroOrAtLeast(String name, Duration value, String least, String unit) {
		if (!value.isZero()) {
			requireAtLeast(name, value, least, unit, "zero, or " + least + " or more");
		}
	}

	static void requireAtMost(String name, Duration value, String most) {
		require(value.compareTo(duration(most)) <= 0, name, value, "at most " + most);
	}

	/**
	 * Requires a minimum size.
	 * @param unit the unit in which such a size is usually written
	 */
	static void requireAtLeast(String name, DataSize value, String least, String unit) {
		requireAtLeast(name, value, least, unit, least + " or more");
	}

	static void requireZeroOrAtLeast(String name, DataSize value, String least, String unit) {
		if (value.toBytes() != 0) {
			requireAtLeast(name, value, least, unit, "zero, or " + least + " or more");
		}
	}

	static void requireBetween(String name, DataSize value, String least, String most, String unit) {
		String right = "from " + least + " to " + most;
		requireAtLeast(name, value, least, unit, right);
		require(value.compareTo(DataSize.parse(most)) <= 0, name, value, right);
	}

	static void requireNotNegative(String name, int value) {
		require(value >= 0, name, value, "zero or more");
	}

	static void requirePositive(String name, int value) {
		require(value > 0, name, value, "more than zero");
	}

	/**
	 * Returns a value in the notation of a property file.
	 */
	static String show(Object value) {
		return (value instanceof Duration duration && !duration.isZero())
				? DurationFormatterUtils.print(duration, DurationFormat.Style.COMPOSITE)
				: (value instanceof Duration) ? "0s" : String.valueOf(value);
	}

	private static void requireAtLeast(String name, Duration value, String least, String unit, String right) {
		if (value.compareTo(duration(least)) < 0) {
			throw refused(name, show(value),
					right + hint(value.toMillis(), "milliseconds", unit.equals("ms") ? "" : unit));
		}
	}

	private static void requireAtLeast(String name, DataSize value, String least, String unit, String right) {
		if (value.compareTo(DataSize.parse(least)) < 0) {
			throw refused(name, show(value), right + hint(value.toBytes(), "bytes", unit));
		}
	}

	private static String hint(long number, String meaning, String unit) {
		return (number > 0 && !unit.isEmpty())
				? " (a number without a unit is %s; write '%d%s' if you mean that)".formatted(meaning, number, unit)
				: "";
	}

	private static Duration duration(String value) {
		return DurationFormatterUtils.parse(value, DurationFormat.Style.SIMPLE);
	}

	private static IllegalArgumentException refused(String name, String value, String right) {
		return new IllegalArgumentException(
				"Property resumable-ws.%s must be %s, but is '%s'".formatted(name, right, value));
	}

}
