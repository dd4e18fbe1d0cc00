package dev.resumablews.internal.connection;

import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.Session;
import org.apache.tomcat.websocket.WsSession;
import org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketSession;

import org.springframework.util.ClassUtils;

/**
 * Ends the TCP connection of a WebSocket at once, which the Jakarta API has no way to ask
 * for: after a close frame, a container reads on until the client answers it.
 */
final class SocketAbort {

	private static final boolean TOMCAT = isPresent("org.apache.tomcat.websocket.WsSession");

	private static final boolean JETTY = isPresent(
			"org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketSession");

	private SocketAbort() {
	}

	/**
	 * Ends the TCP connection, if the container is one that can. A close frame that was
	 * not sent yet may be lost.
	 */
	static void abort(Session session) {
		if (TOMCAT && OnTomcat.abort(session)) {
			return;
		}
		if (JETTY) {
			OnJetty.abort(session);
		}
	}

	private static boolean isPresent(String className) {
		return ClassUtils.isPresent(className, SocketAbort.class.getClassLoader());
	}

	/**
	 * Apart, so that its classes are looked for only if they are there.
	 */
	private static final class OnTomcat {

		/**
		 * Tells Tomcat that the client has answered the close frame.
		 */
		static boolean abort(Session session) {
			if (session instanceof WsSession tomcat) {
				tomcat.onClose(new CloseReason(CloseCodes.CLOSED_ABNORMALLY, ""));
				return true;
			}
			return false;
		}

	}

	private static final class OnJetty {

		static void abort(Session session) {
			if (session instanceof JakartaWebSocketSession jetty) {
				jetty.abort();
			}
		}

	}

}
