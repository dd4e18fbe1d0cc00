package com.example.chat;

import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Rejects requests whose {@code Host} header does not name this host. A web page whose
 * domain name was rebound to this machine's address would otherwise pass as a page of
 * this application, because its origin equals the {@code Host} header. Applies to all
 * requests, including WebSocket handshakes and Actuator. Safe for use by many threads.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 20)
class AllowedHostsFilter extends OncePerRequestFilter {

	private static final int MISDIRECTED_REQUEST = 421;

	/**
	 * Names of this machine in a browser that runs on it.
	 */
	static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

	private final Set<String> hosts = new TreeSet<>(LOOPBACK);

	/**
	 * Creates the filter.
	 * @param hosts further hosts by which browsers reach the application, without ports
	 */
	AllowedHostsFilter(@Value("${chat.allowed-hosts}") Set<String> hosts) {
		hosts.forEach((host) -> this.hosts.add(host.strip().toLowerCase(Locale.ROOT)));
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		String host = host(request);
		// an address cannot be rebound, so the local address of the connection is
		// accepted
		if (this.hosts.contains(host) || host.equals(request.getLocalAddr())) {
			chain.doFilter(request, response);
		}
		else {
			response.setStatus(MISDIRECTED_REQUEST);
			response.setContentType("text/plain");
			response.getWriter()
				.println("Unknown host. If it belongs to this application, add it to chat.allowed-hosts");
		}
	}

	/**
	 * Returns the host of the {@code Host} header, ignoring the headers of proxies.
	 */
	private static String host(HttpServletRequest request) {
		String header = request.getHeader(HttpHeaders.HOST);
		return (header != null) ? header.toLowerCase(Locale.ROOT).replaceFirst(":\\d*$", "") : "";
	}

}
