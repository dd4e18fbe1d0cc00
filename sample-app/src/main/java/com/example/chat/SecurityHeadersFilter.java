package com.example.chat;

import java.io.IOException;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Restricts browsers to scripts and resources of this application, and to HTML from
 * sanitized text.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 10)
class SecurityHeadersFilter extends OncePerRequestFilter {

	private final ObjectProvider<BreakThings> things;

	SecurityHeadersFilter(ObjectProvider<BreakThings> things) {
		this.things = things;
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		response.setHeader("Content-Security-Policy",
				"default-src 'self'; connect-src 'self'" + slowNetwork()
						+ "; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
						+ "; require-trusted-types-for 'script'; trusted-types dompurify service-worker");
		response.setHeader("X-Content-Type-Options", "nosniff");
		response.setHeader("Referrer-Policy", "no-referrer");
		chain.doFilter(request, response);
	}

	/**
	 * Returns the origins of the slow network, because another port is another origin.
	 * The client also sends HTTP requests there when its WebSockets are rejected.
	 */
	private String slowNetwork() {
		BreakThings things = this.things.getIfAvailable();
		int port = (things != null) ? things.slowPort() : 0;
		return (port > 0)
				? " ws://localhost:%1$d ws://127.0.0.1:%1$d http://localhost:%1$d http://127.0.0.1:%1$d".formatted(port)
				: "";
	}

}
