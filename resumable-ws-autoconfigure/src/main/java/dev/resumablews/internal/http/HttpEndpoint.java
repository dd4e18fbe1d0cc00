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
 * An endpoint beside that of the WebSocket. Pages of other origins may read its answers,
 * refusals too, if they may connect. Those that may not are refused by the
 * {@link HandshakeGate}, like all others; Spring refuses their preflight requests.
 */
abstract class HttpEndpoint implements HttpRequestHandler, CorsConfigurationSource {

	private final HandshakeGate gate;

	private final String method;

	/**
	 * Creates an endpoint.
	 * @param method the only method that it takes
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
		HttpAnswer.text(HttpServletResponse.SC_METHOD_NOT_ALLOWED, "Only " + this.method).writeTo(response);
	}

	/**
	 * Handles a request that has the right method.
	 */
	abstract void handle(HttpServletRequest request, HttpServletResponse response) throws IOException;

}
