package dev.resumablews;

import java.net.URI;
import java.util.UUID;

import org.springframework.http.HttpHeaders;

/**
 * The handshake request of a relay to its upstream, before it is sent. Not thread-safe.
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
	 * @param userId the owner of the session
	 * @param uri the URI of the upstream
	 * @param headers the headers to send
	 */
	public RelayHandshake(String relay, UUID sessionId, String userId, URI uri, HttpHeaders headers) {
		this.relay = relay;
		this.sessionId = sessionId;
		this.userId = userId;
		this.uri = uri;
		this.headers = headers;
	}

	/**
	 * Returns the name of the relay.
	 * @return the name
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
	 * Returns the owner of the session.
	 * @return the user's id
	 */
	public String userId() {
		return this.userId;
	}

	/**
	 * Returns the mutable headers of the request.
	 * @return the headers; their values are neither logged nor sent to clients
	 */
	public HttpHeaders headers() {
		return this.headers;
	}

	/**
	 * Returns the URI of the upstream.
	 * @return the configured URI, unless it was replaced
	 */
	public URI uri() {
		return this.uri;
	}

	/**
	 * Replaces the URI of the upstream, for example to add query parameters.
	 * @param uri a URI with the scheme {@code ws} or {@code wss}
	 */
	public void uri(URI uri) {
		this.uri = uri;
	}

	/**
	 * Returns the relay and the session. URI and headers may contain secrets and are
	 * omitted.
	 */
	@Override
	public String toString() {
		return "RelayHandshake[relay=%s, sessionId=%s]".formatted(this.relay, this.sessionId);
	}

}
