package dev.resumablews;

import java.net.URI;
import java.util.UUID;

import org.springframework.http.HttpHeaders;

/**
 * The handshake of a relay with its upstream, before it is sent. Used by one thread.
 */
public final class RelayHandshake {

	private final String relay;

	private final UUID sessionId;

	private final String userId;

	private final HttpHeaders headers;

	private URI uri;

	/**
	 * Creates a handshake.
	 * @param relay the name of the relay
	 * @param sessionId the session
	 * @param userId the user the session belongs to
	 * @param uri where the upstream is
	 * @param headers what is sent
	 */
	public RelayHandshake(String relay, UUID sessionId, String userId, URI uri, HttpHeaders headers) {
		this.relay = relay;
		this.sessionId = sessionId;
		this.userId = userId;
		this.uri = uri;
		this.headers = headers;
	}

	/**
	 * Returns the relay.
	 * @return its name
	 */
	public String relay() {
		return this.relay;
	}

	/**
	 * Returns the session that the upstream connection belongs to.
	 * @return the session's id
	 */
	public UUID sessionId() {
		return this.sessionId;
	}

	/**
	 * Returns the user the session belongs to.
	 * @return the user's id
	 */
	public String userId() {
		return this.userId;
	}

	/**
	 * Returns the headers, to be added to.
	 * @return the headers; their values are neither logged nor sent to clients
	 */
	public HttpHeaders headers() {
		return this.headers;
	}

	/**
	 * Returns where the upstream is.
	 * @return the configured URI, unless it was replaced
	 */
	public URI uri() {
		return this.uri;
	}

	/**
	 * Replaces where the upstream is, to add parameters for example.
	 * @param uri a URI with the scheme {@code ws} or {@code wss}
	 */
	public void uri(URI uri) {
		this.uri = uri;
	}

	/**
	 * Returns the relay and the session, and nothing that may be secret.
	 */
	@Override
	public String toString() {
		return "RelayHandshake[relay=%s, sessionId=%s]".formatted(this.relay, this.sessionId);
	}

}
