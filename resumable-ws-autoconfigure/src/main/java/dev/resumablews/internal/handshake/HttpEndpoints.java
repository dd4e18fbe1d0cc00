package dev.resumablews.internal.handshake;

import java.util.Map;

import org.springframework.web.HttpRequestHandler;

/**
 * The endpoints beside that of the WebSocket, which are mapped together with it.
 *
 * @param handlers what handles their requests
 */
public record HttpEndpoints(Map<Endpoint, HttpRequestHandler> handlers) {

	/**
	 * No endpoints.
	 */
	public static final HttpEndpoints NONE = new HttpEndpoints(Map.of());

}
