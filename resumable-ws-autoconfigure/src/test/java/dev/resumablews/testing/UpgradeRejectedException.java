package dev.resumablews.testing;

import java.util.List;
import java.util.Map;

/**
 * Thrown when a server rejects a WebSocket handshake.
 */
public final class UpgradeRejectedException extends RuntimeException {

	private final int status;

	private final transient Map<String, List<String>> headers;

	private final String body;

	UpgradeRejectedException(HttpHead head, String body) {
		super(head.startLine() + ": " + body);
		this.status = Integer.parseInt(head.startLine().split(" ")[1]);
		this.headers = head.headers();
		this.body = body;
	}

	public int status() {
		return this.status;
	}

	/**
	 * Returns the headers of the response.
	 * @return the headers, with case-insensitive names
	 */
	public Map<String, List<String>> headers() {
		return this.headers;
	}

	public String body() {
		return this.body;
	}

}
