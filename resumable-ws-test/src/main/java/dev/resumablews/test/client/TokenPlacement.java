package dev.resumablews.test.client;

/**
 * Place where a client sends its token.
 */
public enum TokenPlacement {

	/**
	 * The header {@code Authorization: Bearer}.
	 */
	HEADER,

	/**
	 * An entry {@code jwt-<token>} of {@code Sec-WebSocket-Protocol}, as in a browser.
	 */
	SUBPROTOCOL,

	/**
	 * The cookie {@code resumable-ws-token}.
	 */
	COOKIE,

	/**
	 * The query parameter {@code token}, if the server accepts that.
	 */
	QUERY,

	/**
	 * The first message, if the server accepts that.
	 */
	MESSAGE

}
