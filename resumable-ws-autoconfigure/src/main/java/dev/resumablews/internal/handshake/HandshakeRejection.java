package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.ServerHttpResponse;

/**
 * Response to a rejected request.
 *
 * @param reason the reason, for security events
 * @param text the explanation that is sent to the client
 */
public record HandshakeRejection(RejectionReason reason, String text) {

	private static final MediaType PLAIN_TEXT = new MediaType(MediaType.TEXT_PLAIN, StandardCharsets.UTF_8);

	private static final int RETRY_WINDOW_SECONDS = 5;

	/**
	 * Writes the response.
	 * @param response the response to write to
	 * @throws IOException if the client is disconnected
	 */
	public void writeTo(ServerHttpResponse response) throws IOException {
		byte[] body = body();
		writeHeadTo(response);
		response.getBody().write(body);
	}

	/**
	 * Returns the body of the response.
	 * @return plain text, in UTF-8
	 */
	public byte[] body() {
		return this.text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Sets the status and the headers of the response.
	 * @param response the response to write to
	 */
	public void writeHeadTo(ServerHttpResponse response) {
		response.setStatusCode(this.reason.status());
		byte[] body = body();
		HttpHeaders headers = response.getHeaders();
		headers.setContentType(PLAIN_TEXT);
		headers.setContentLength(body.length);
		headers.setCacheControl(CacheControl.noStore());
		switch (this.reason.status()) {
			case UNAUTHORIZED -> headers.set(HttpHeaders.WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"");
			case TOO_MANY_REQUESTS, SERVICE_UNAVAILABLE ->
				headers.set(HttpHeaders.RETRY_AFTER, String.valueOf(retryAfterSeconds()));
			default -> {
			}
		}
	}

	/**
	 * Returns a random delay after which a rejected client may retry, so that clients
	 * that were rejected together do not all retry at the same time.
	 * @return seconds, for {@code Retry-After}
	 */
	public static int retryAfterSeconds() {
		return ThreadLocalRandom.current().nextInt(1, RETRY_WINDOW_SECONDS + 1);
	}

}
