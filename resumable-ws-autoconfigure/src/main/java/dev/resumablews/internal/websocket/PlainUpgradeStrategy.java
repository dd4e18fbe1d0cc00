package dev.resumablews.internal.websocket;

import java.io.IOException;
import java.security.Principal;
import java.util.List;
import java.util.Map;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.Extension;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.socket.WebSocketExtension;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.adapter.standard.StandardWebSocketHandlerAdapter;
import org.springframework.web.socket.adapter.standard.StandardWebSocketSession;
import org.springframework.web.socket.server.HandshakeFailureException;
import org.springframework.web.socket.server.standard.ServerEndpointRegistration;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;

/**
 * Upgrades requests without any WebSocket extension. Compression would keep a window of
 * tens of kilobytes per connection, costs more time than it saves for small events, and
 * leaks secrets through the length of messages.
 */
final class PlainUpgradeStrategy extends StandardWebSocketUpgradeStrategy {

	@Override
	public void upgrade(ServerHttpRequest request, ServerHttpResponse response, @Nullable String selectedProtocol,
			List<WebSocketExtension> selectedExtensions, @Nullable Principal user, WebSocketHandler handler,
			Map<String, Object> attributes) {
		StandardWebSocketSession session = new StandardWebSocketSession(HttpHeaders.copyOf(request.getHeaders()),
				attributes, request.getLocalAddress(), request.getRemoteAddress(), user);
		HttpServletRequest servletRequest = getHttpServletRequest(request);
		PlainEndpoint endpoint = new PlainEndpoint(servletRequest.getRequestURI(),
				new StandardWebSocketHandlerAdapter(handler, session));
		endpoint.setSubprotocols((selectedProtocol != null) ? List.of(selectedProtocol) : List.of());
		try {
			getContainer(servletRequest).upgradeHttpToWebSocket(new PlainRequest(servletRequest),
					getHttpServletResponse(response), endpoint, Map.of());
		}
		catch (IOException | DeploymentException ex) {
			throw new HandshakeFailureException("Failed to upgrade the request", ex);
		}
	}

	/**
	 * Hides from the container what the library handles itself:
	 * <ul>
	 * <li>The query. Tomcat parses it for the WebSocket session, and fails on incorrect
	 * escaping with the query in the message. The query may contain a token, and has
	 * already been read.
	 * <li>The user. If the user has an HTTP session, Tomcat ends the WebSocket together
	 * with it, with a code that does not make clients log in.
	 * </ul>
	 */
	private static final class PlainRequest extends HttpServletRequestWrapper {

		PlainRequest(HttpServletRequest request) {
			super(request);
		}

		@Override
		public @Nullable Principal getUserPrincipal() {
			return null;
		}

		@Override
		public @Nullable String getQueryString() {
			return null;
		}

		@Override
		public Map<String, String[]> getParameterMap() {
			return Map.of();
		}

	}

	/**
	 * An endpoint without extensions. An empty list of extensions is not sufficient,
	 * because containers treat it as all extensions.
	 */
	private static final class PlainEndpoint extends ServerEndpointRegistration {

		PlainEndpoint(String path, Endpoint endpoint) {
			super(path, endpoint);
		}

		@Override
		public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
			return List.of();
		}

	}

}
