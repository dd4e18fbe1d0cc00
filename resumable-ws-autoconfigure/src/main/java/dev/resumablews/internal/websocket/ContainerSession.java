package dev.resumablews.internal.websocket;

import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.Session;
import org.apache.tomcat.websocket.WsSession;
import org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketSession;

import org.springframework.util.ClassUtils;

/**
 * Container-specific operations that the Jakarta API lacks. By default, a container keeps
 * reading after a close frame until the client answers it. Does nothing on an unknown
 * container.
 */
final class ContainerSession {

	private static final boolean TOMCAT = isPresent("org.apache.tomcat.websocket.WsSession");

	private static final boolean JETTY = isPresent(
			"org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketSession");

	private ContainerSession() {
	}

	/**
	 * Stops reading from the client. Not supported by Jetty.
	 */
	static void suspend(Session session) {
		if (TOMCAT) {
			OnTomcat.suspend(session);
		}
	}

	/**
	 * Terminates the TCP connection. An unsent close frame may be lost.
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
	 * Separate class, so that Tomcat's classes are loaded only if present.
	 */
	private static final class OnTomcat {

		static void suspend(Session session) {
			if (session instanceof WsSession tomcat) {
				tomcat.suspend();
			}
		}

		/**
		 * Simulates the client's answer to the close frame.
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
