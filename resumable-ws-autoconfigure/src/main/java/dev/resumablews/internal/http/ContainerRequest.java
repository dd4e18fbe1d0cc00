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
 * What the Servlet API has no way to ask a container for: to end a connection while a
 * response is being written. Tomcat, asked to complete such a response, keeps one of its
 * threads waiting until the client has taken it. Jetty ends the connection.
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
	 * Ends the connection, if the container needs to be asked. Not to be called once the
	 * request is complete.
	 * @return whether it was asked
	 */
	boolean abort() {
		if (this.abort != null) {
			this.abort.run();
		}
		return this.abort != null;
	}

	/**
	 * Apart, so that its classes are looked for only if they are there.
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
			return () -> own.getCoyoteRequest().action(ActionCode.CLOSE_NOW, new IOException("The client was cut"));
		}

	}

}
