package com.example.chat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * Distinguishes requests of browsers on this machine from others. Uses the address of the
 * TCP connection, before the headers of proxies are evaluated, because clients can forge
 * these. Safe for use by many threads.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class ThisMachine implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

	private static final String DIRECT = ThisMachine.class.getName() + ".DIRECT";

	private static final List<String> PROXY_HEADERS = List.of("forwarded", "x-real-ip", "via");

	private final boolean behindProxy;

	/**
	 * Creates the customizer.
	 * @param forwardHeaders the strategy for headers of proxies; with any but {@code
	 * none}, no request is considered local
	 */
	ThisMachine(@Value("${server.forward-headers-strategy:none}") String forwardHeaders) {
		this.behindProxy = !forwardHeaders.equalsIgnoreCase("none");
	}

	@Override
	public void customize(TomcatServletWebServerFactory factory) {
		factory.addEngineValves(new DirectConnections());
	}

	/**
	 * Returns whether a request comes from this machine, without a proxy in between.
	 */
	boolean sent(HttpServletRequest request) {
		return !this.behindProxy && Boolean.TRUE.equals(request.getAttribute(DIRECT));
	}

	/**
	 * Marks the requests of direct connections from this machine.
	 */
	private static final class DirectConnections extends ValveBase {

		DirectConnections() {
			super(true);
		}

		@Override
		public void invoke(Request request, Response response) throws IOException, ServletException {
			request.setAttribute(DIRECT, isLoopback(request.getPeerAddr())
					&& Collections.list(request.getHeaderNames()).stream().noneMatch(DirectConnections::isOfProxy));
			getNext().invoke(request, response);
		}

		private static boolean isLoopback(@Nullable String address) {
			try {
				return address != null && InetAddress.getByName(address).isLoopbackAddress();
			}
			catch (UnknownHostException ex) {
				return false;
			}
		}

		private static boolean isOfProxy(String header) {
			String name = header.toLowerCase(Locale.ROOT);
			return name.startsWith("x-forwarded-") || PROXY_HEADERS.contains(name);
		}

	}

}
