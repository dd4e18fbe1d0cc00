package com.example.chat;

import java.io.IOException;
import java.util.Set;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.WebUtils;

/**
 * Rejects modifying requests unless they come from a page of this application or from a
 * program other than a browser. {@code SameSite} cookies are not sufficient: pages on
 * other ports of the same host send them, and any page could make the browser accept a
 * new one. The chat's endpoints check origins themselves. Safe for use by many threads.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 30)
class SameOriginFilter extends OncePerRequestFilter {

	private static final Set<String> SAFE_METHODS = Set.of("GET", "HEAD");

	@Override
	protected boolean shouldNotFilter(HttpServletRequest request) {
		return SAFE_METHODS.contains(request.getMethod()) || request.getServletPath().startsWith("/ws/");
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		if (isSameOrigin(request) && (isJson(request) || isEmpty(request))) {
			chain.doFilter(request, response);
		}
		else {
			response.setStatus(HttpServletResponse.SC_FORBIDDEN);
			response.setContentType("text/plain");
			response.getWriter().println("Requests must come from a page of this application and be application/json");
		}
	}

	/**
	 * Browsers send {@code Sec-Fetch-Site} over HTTPS and to this machine. Over plain
	 * HTTP they send {@code Origin}, and a page of another origin cannot send JSON
	 * without a preflight request.
	 */
	private static boolean isSameOrigin(HttpServletRequest request) {
		String site = request.getHeader("Sec-Fetch-Site");
		return (site != null) ? site.equals("same-origin")
				: isJson(request) && WebUtils.isSameOrigin(new ServletServerHttpRequest(request));
	}

	private static boolean isJson(HttpServletRequest request) {
		try {
			return request.getContentType() != null && MediaType.APPLICATION_JSON
				.equalsTypeAndSubtype(MediaType.parseMediaType(request.getContentType()));
		}
		catch (InvalidMediaTypeException ex) {
			return false;
		}
	}

	private static boolean isEmpty(HttpServletRequest request) {
		return request.getContentLengthLong() <= 0 && request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null;
	}

}
