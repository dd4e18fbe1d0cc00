package dev.resumablews.internal.http;

import java.io.IOException;

import dev.resumablews.internal.handshake.HandshakeGate;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.CorsConfigurationSource;
import org.springframework.web.cors.CorsUtils;
import org.springframework.web.filter.ShallowEtagHeaderFilter;

/**
 * Base class of the HTTP endpoints other than the WebSocket. Pages of other origins may
 * read its responses, including rejections, if they are allowed to connect. Other origins
 * are rejected by the {@link HandshakeGate}; Spring rejects their preflight requests.
 */
abstract class HttpEndpoint implements HttpRequestHandler, CorsConfigurationSource {

	private final HandshakeGate gate;

	private final String method;

	/**
	 * Creates an endpoint.
	 * @param method the only supported method
	 */
	HttpEndpoint(HandshakeGate gate, String method) {
		this.gate = gate;
		this.method = method;
	}

	final HandshakeGate gate() {
		return this.gate;
	}

	@Override
	public final @Nullable CorsConfiguration getCorsConfiguration(HttpServletRequest request) {
		CorsConfiguration cors = this.gate.cors();
		boolean allowed = cors.checkOrigin(request.getHeader(HttpHeaders.ORIGIN)) != null;
		return (allowed || CorsUtils.isPreFlightRequest(request)) ? cors : null;
	}

	@Override
	public final void handleRequest(HttpServletRequest request, HttpServletResponse response)
			throws ServletException, IOException {
		ShallowEtagHeaderFilter.disableContentCaching(request);
		if (this.method.equals(request.getMethod())) {
			handle(request, response);
			return;
		}
		response.setHeader(HttpHeaders.ALLOW, this.method);
		HttpAnswer.text(HttpServletResponse.SC_METHOD_NOT_ALLOWED, "Only " + this.method + " is supported")
			.writeTo(response);
	}

	/**
	 * Handles a request with the supported method.
	 */
	abstract void handle(HttpServletRequest request, HttpServletResponse response) throws IOException;

}
