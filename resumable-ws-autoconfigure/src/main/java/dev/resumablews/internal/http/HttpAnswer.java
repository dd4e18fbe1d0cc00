package dev.resumablews.internal.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

import dev.resumablews.internal.handshake.HandshakeRejection;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServletServerHttpResponse;

/**
 * Response to a request with messages.
 *
 * @param head sets the status and the headers
 * @param body the body
 */
record HttpAnswer(Consumer<HttpServletResponse> head, byte[] body) {

	static HttpAnswer json(int status, String text) {
		return of(status, "application/json", text);
	}

	static HttpAnswer text(int status, String text) {
		return of(status, "text/plain;charset=UTF-8", text);
	}

	/**
	 * Returns a response that asks the client to retry after a short random time.
	 */
	static HttpAnswer later(int status, String text) {
		HttpAnswer answer = text(status, text);
		int seconds = HandshakeRejection.retryAfterSeconds();
		return new HttpAnswer(
				answer.head.andThen((response) -> response.setIntHeader(HttpHeaders.RETRY_AFTER, seconds)),
				answer.body);
	}

	static HttpAnswer of(HandshakeRejection rejection) {
		return new HttpAnswer((response) -> {
			ServletServerHttpResponse adapted = new ServletServerHttpResponse(response);
			rejection.writeHeadTo(adapted);
			flushHead(adapted);
		}, rejection.body());
	}

	/**
	 * Writes the response on the request's thread, which waits for the client.
	 */
	void writeTo(HttpServletResponse response) throws IOException {
		this.head.accept(response);
		response.getOutputStream().write(this.body);
	}

	private static void flushHead(ServletServerHttpResponse response) {
		try {
			// copies the headers into the servlet response, without sending anything to
			// the client
			response.flush();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static HttpAnswer of(int status, String type, String text) {
		byte[] body = text.getBytes(StandardCharsets.UTF_8);
		return new HttpAnswer((response) -> {
			response.setStatus(status);
			response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
			if (body.length > 0) {
				response.setContentType(type);
				response.setContentLength(body.length);
			}
		}, body);
	}

}
