package dev.resumablews.internal.handshake;

import java.util.Map;

import org.springframework.web.HttpRequestHandler;

/**
 * The HTTP endpoints that are mapped together with the WebSocket endpoint.
 *
 * @param handlers the handlers of their requests
 */
public record HttpEndpoints(Map<Endpoint, HttpRequestHandler> handlers) {

	/**
	 * No endpoints.
	 */
	public static final HttpEndpoints NONE = new HttpEndpoints(Map.of());

}
