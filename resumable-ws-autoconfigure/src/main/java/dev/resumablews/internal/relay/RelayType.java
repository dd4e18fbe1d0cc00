package dev.resumablews.internal.relay;

/**
 * Converts between the names of relays and the types of their messages and events.
 */
final class RelayType {

	private static final String PREFIX = "relay.";

	private RelayType() {
	}

	/**
	 * Returns the type of a relay's messages and events.
	 */
	static String of(String name) {
		return PREFIX + name;
	}

	static boolean isRelay(String type) {
		return type.startsWith(PREFIX);
	}

	/**
	 * Returns the name of the relay to which a type belongs.
	 */
	static String name(String type) {
		return type.substring(PREFIX.length());
	}

}
