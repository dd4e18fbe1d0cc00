package dev.resumablews.benchmarks.wire;

import java.util.UUID;

/**
 * Sessions that are stored before a measurement, identified by numbers.
 */
public final class Seeds {

	/**
	 * SQL for the id of session {@code i}.
	 */
	public static final String SESSION_ID_SQL = "('be9c0000-0000-4000-8000-' || lpad(to_hex(i), 12, '0'))::uuid";

	/**
	 * SQL for the user of session {@code i}.
	 */
	public static final String USER_SQL = "'user-' || i";

	/**
	 * Type of the events in these sessions.
	 */
	public static final String EVENT_TYPE = "note";

	private Seeds() {
	}

	/**
	 * Returns the id of a session.
	 * @param number its number
	 * @return its id
	 */
	public static UUID sessionId(int number) {
		return new UUID(0xbe9c_0000_0000_4000L, 0x8000_0000_0000_0000L | number);
	}

	/**
	 * Returns the user of a session.
	 * @param number its number
	 * @return its user
	 */
	public static String user(int number) {
		return "user-" + number;
	}

}
