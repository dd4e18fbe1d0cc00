package dev.resumablews.internal.websocket;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.internal.handshake.Endpoint;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.handshake.HandshakeRejection;
import dev.resumablews.internal.handshake.RejectionReason;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeFailureException;
import org.springframework.web.socket.server.HandshakeHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;
import org.springframework.web.socket.server.support.WebSocketHttpRequestHandler;

/**
 * Maps the endpoints' paths to their handlers, in addition to the application's own
 * mappings. Uses the Jakarta WebSocket API on every container, so that there is one way
 * to send.
 */
final class ResumableHandshakeHandler extends DefaultHandshakeHandler {

	/**
	 * Precedes the application's controllers, one of which may be mapped to all paths.
	 */
	private static final int ORDER = -1;

	private static final Log log = LogFactory.getLog(ResumableHandshakeHandler.class);

	private ResumableHandshakeHandler() {
		super(new PlainUpgradeStrategy());
		setSupportedProtocols(Handshake.SUBPROTOCOL);
	}

	/**
	 * Creates the mapping of the endpoints.
	 * @param others handlers of the endpoints other than the WebSocket
	 */
	static WebSocketHandlerMapping mapping(String path, WebSocketHandler handler, HandshakeInterceptor interceptor,
			Map<Endpoint, HttpRequestHandler> others) {
		WebSocketHttpRequestHandler requestHandler = new RequestHandler(handler, new ResumableHandshakeHandler());
		requestHandler.setHandshakeInterceptors(List.of(new HandshakeTime(), interceptor));
		WebSocketHandlerMapping mapping = new WebSocketHandlerMapping();
		Map<String, HttpRequestHandler> handlers = new HashMap<>(Map.of(Endpoint.WEBSOCKET.path(path), requestHandler));
		others.forEach((endpoint, other) -> handlers.put(endpoint.path(path), other));
		mapping.setUrlMap(handlers);
		mapping.setOrder(ORDER);
		return mapping;
	}

	/**
	 * Rejects requests that Spring or the container cannot process. Their exceptions
	 * would lead to a status of 500 and be logged with the URL, which may contain a
	 * token.
	 */
	private static final class RequestHandler extends WebSocketHttpRequestHandler {

		private static final HandshakeRejection NO_UPGRADE = new HandshakeRejection(RejectionReason.MALFORMED,
				"Not a WebSocket upgrade");

		RequestHandler(WebSocketHandler handler, HandshakeHandler handshakeHandler) {
			super(handler, handshakeHandler);
		}

		@Override
		public void handleRequest(HttpServletRequest request, HttpServletResponse response)
				throws ServletException, IOException {
			try {
				super.handleRequest(request, response);
			}
			catch (HandshakeFailureException ex) {
				log.debug("Failed to upgrade a request", ex);
				if (!response.isCommitted()) {
					response.reset();
					NO_UPGRADE.writeTo(new ServletServerHttpResponse(response));
				}
			}
		}

	}

}
