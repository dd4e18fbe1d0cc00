package dev.resumablews.internal.connection;

import java.util.List;
import java.util.Map;

import dev.resumablews.internal.handshake.Handshake;

import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;
import org.springframework.web.socket.server.support.WebSocketHttpRequestHandler;

/**
 * Maps the endpoint's path to its handler, beside whatever else the application maps. The
 * Jakarta WebSocket API is used on every container, so that there is one way to send.
 */
final class ResumableHandshakeHandler extends DefaultHandshakeHandler {

	/**
	 * Before the application's controllers, one of which may be mapped to everything.
	 */
	private static final int ORDER = -1;

	private ResumableHandshakeHandler() {
		super(new PlainUpgradeStrategy());
		setSupportedProtocols(Handshake.SUBPROTOCOL);
	}

	static WebSocketHandlerMapping mapping(String path, WebSocketHandler handler, HandshakeInterceptor interceptor) {
		WebSocketHttpRequestHandler requestHandler = new WebSocketHttpRequestHandler(handler,
				new ResumableHandshakeHandler());
		requestHandler.setHandshakeInterceptors(List.of(new HandshakeTime(), interceptor));
		WebSocketHandlerMapping mapping = new WebSocketHandlerMapping();
		mapping.setUrlMap(Map.of(path, requestHandler));
		mapping.setOrder(ORDER);
		return mapping;
	}

}
