package dev.resumablews.internal.node;

/**
 * What there may be to do for the other nodes.
 */
public enum Bell {

	/**
	 * Replies are to be claimed, or to be cancelled.
	 */
	REPLIES,

	/**
	 * Users were disconnected.
	 */
	DISCONNECTS,

	/**
	 * Relays are to be claimed.
	 */
	RELAYS

}
