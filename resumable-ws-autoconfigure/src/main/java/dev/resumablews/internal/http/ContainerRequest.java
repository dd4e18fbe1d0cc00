package dev.resumablews.internal.http;

import java.io.IOException;
import java.lang.reflect.Field;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.RequestFacade;
import org.apache.coyote.ActionCode;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Container-specific termination of a connection while a response is being written, which
 * the Servlet API lacks. When such a response is completed, Tomcat blocks one of its
 * threads until the client has received it. Jetty terminates the connection.
 */
final class ContainerRequest {

	private static final boolean TOMCAT = ClassUtils.isPresent("org.apache.catalina.connector.RequestFacade",
			ContainerRequest.class.getClassLoader());

	private final @Nullable Runnable abort;

	private ContainerRequest(@Nullable Runnable abort) {
		this.abort = abort;
	}

	static ContainerRequest of(ServletRequest request) {
		ServletRequest own = request;
		while (own instanceof ServletRequestWrapper wrapper) {
			own = wrapper.getRequest();
		}
		return new ContainerRequest(TOMCAT ? OnTomcat.abort(own) : null);
	}

	/**
	 * Terminates the connection, if the container requires it. Must not be called once
	 * the request is complete.
	 * @return whether it was terminated
	 */
	boolean abort() {
		if (this.abort != null) {
			this.abort.run();
		}
		return this.abort != null;
	}

	/**
	 * Separate class, so that Tomcat's classes are loaded only if present.
	 */
	private static final class OnTomcat {

		private static final @Nullable Field REQUEST = ReflectionUtils.findField(RequestFacade.class, "request");

		static @Nullable Runnable abort(ServletRequest request) {
			if (REQUEST == null || !(request instanceof RequestFacade)) {
				return null;
			}
			ReflectionUtils.makeAccessible(REQUEST);
			if (!(ReflectionUtils.getField(REQUEST, request) instanceof Request own)) {
				return null;
			}
			return () -> own.getCoyoteRequest()
				.action(ActionCode.CLOSE_NOW, new IOException("The connection was terminated"));
		}

	}

}
