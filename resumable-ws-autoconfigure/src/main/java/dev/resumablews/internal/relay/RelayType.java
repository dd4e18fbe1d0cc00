package dev.resumablews.internal.relay;

/**
 * The type of the messages and events of a relay.
 */
final class RelayType {

	private static final String PREFIX = "relay.";

	private RelayType() {
	}

	/**
	 * Returns the type of a relay.
	 */
	static String of(String name) {
		return PREFIX + name;
	}

	static boolean isRelay(String type) {
		return type.startsWith(PREFIX);
	}

	/**
	 * Returns the name of the relay that a type is of.
	 */
	static String name(String type) {
		return type.substring(PREFIX.length());
	}

}
