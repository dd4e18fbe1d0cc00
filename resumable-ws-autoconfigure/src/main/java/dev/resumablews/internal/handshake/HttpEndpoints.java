package dev.resumablews.internal.handshake;

import java.util.Map;

import org.springframework.web.HttpRequestHandler;

/**
 * The endpoints beside that of the WebSocket, which are mapped together with it.
 *
 * @param handlers what handles their requests, by what follows the path of the WebSocket
 */
public record HttpEndpoints(Map<String, HttpRequestHandler> handlers) {

	/**
	 * No endpoints.
	 */
	public static final HttpEndpoints NONE = new HttpEndpoints(Map.of());

}
