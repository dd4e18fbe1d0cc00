package dev.resumablews.internal.node;

/**
 * Kinds of work that one node announces to the others.
 */
public enum NodeNotification {

	/**
	 * Replies are ready to be claimed or cancelled.
	 */
	REPLIES,

	/**
	 * Users were disconnected.
	 */
	DISCONNECTS,

	/**
	 * Relays are ready to be claimed.
	 */
	RELAYS

}
