package dev.resumablews.test.client;

import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;

/**
 * Thrown when the server answers a WebSocket handshake with a status other than 101.
 */
public final class HandshakeRejectedException extends RuntimeException {

	private final int status;

	private final transient HttpHeaders headers;

	private final String body;

	HandshakeRejectedException(HttpResponse<?> response) {
		super("The server answered the handshake with " + response.statusCode());
		this.status = response.statusCode();
		this.headers = response.headers();
		this.body = (response.body() instanceof String text) ? text : "";
	}

	/**
	 * Returns the status of the answer.
	 * @return the status, such as 401
	 */
	public int status() {
		return this.status;
	}

	/**
	 * Returns the headers of the answer.
	 * @return the headers
	 */
	public HttpHeaders headers() {
		return this.headers;
	}

	/**
	 * Returns the body of the answer.
	 * @return the body; empty if there was none
	 */
	public String body() {
		return this.body;
	}

}
