package dev.resumablews.internal.websocket;

import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.Session;
import org.apache.tomcat.websocket.WsSession;
import org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketSession;

import org.springframework.util.ClassUtils;

/**
 * What the Jakarta API has no way to ask a container for: after a close frame, a
 * container reads on until the client answers it. Does nothing on a container that is not
 * known.
 */
final class ContainerSession {

	private static final boolean TOMCAT = isPresent("org.apache.tomcat.websocket.WsSession");

	private static final boolean JETTY = isPresent(
			"org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketSession");

	private ContainerSession() {
	}

	/**
	 * Reads nothing more of what the client sends. Jetty cannot do that.
	 */
	static void suspend(Session session) {
		if (TOMCAT) {
			OnTomcat.suspend(session);
		}
	}

	/**
	 * Ends the TCP connection. A close frame that was not sent yet may be lost.
	 */
	static void abort(Session session) {
		if (TOMCAT) {
			OnTomcat.abort(session);
		}
		if (JETTY) {
			OnJetty.abort(session);
		}
	}

	private static boolean isPresent(String className) {
		return ClassUtils.isPresent(className, ContainerSession.class.getClassLoader());
	}

	/**
	 * Apart, so that its classes are looked for only if they are there.
	 */
	private static final class OnTomcat {

		static void suspend(Session session) {
			if (session instanceof WsSession tomcat) {
				tomcat.suspend();
			}
		}

		/**
		 * Tells Tomcat that the client has answered the close frame.
		 */
		static void abort(Session session) {
			if (session instanceof WsSession tomcat) {
				tomcat.onClose(new CloseReason(CloseCodes.CLOSED_ABNORMALLY, ""));
			}
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
