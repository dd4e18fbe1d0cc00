package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsListener;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;

/**
 * Decides, before the upgrade, whether a request may become a WebSocket. In this order,
 * cheapest first, and without the database until the user is known:
 * <ol>
 * <li>it asks for a WebSocket, with well-formed parameters (else 400),</li>
 * <li>from a page that may (else 403),</li>
 * <li>for a user who is known (else 401, or 503 when that cannot be told now),</li>
 * <li>for whom there is room (else 429 or 503).</li>
 * </ol>
 * An accepted request leaves its {@link Handshake} in the attributes. Thread-safe.
 */
final class ResumableWsHandshakeInterceptor implements HandshakeInterceptor {

	private static final Log logger = LogFactory.getLog(ResumableWsHandshakeInterceptor.class);

	private static final HttpMethod CONNECT = HttpMethod.valueOf("CONNECT");

	private static final Pattern TOKEN = Pattern.compile("eyJ[\\w-]+(\\.[\\w-]*)*");

	/**
	 * Name of the request's attribute that holds the user who was admitted.
	 */
	private static final String ADMITTED = ResumableWsHandshakeInterceptor.class.getName() + ".admitted";

	private static final Duration WARNING_INTERVAL = Duration.ofSeconds(1);

	private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());

	private final OriginPolicy origins;

	private final HandshakeAuthenticator authenticator;

	private final ConnectionLimiter admission;

	private final ResumableWsListener listener;

	ResumableWsHandshakeInterceptor(OriginPolicy origins, HandshakeAuthenticator authenticator,
			ConnectionLimiter admission, ResumableWsListener listener) {
		this.origins = origins;
		this.authenticator = authenticator;
		this.admission = admission;
		this.listener = listener;
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) throws IOException {
		try {
			Handshake handshake = accept(request);
			attributes.put(Handshake.ATTRIBUTE, handshake);
			if (request instanceof ServletServerHttpRequest servlet) {
				servlet.getServletRequest().setAttribute(ADMITTED, handshake.user().userId());
			}
			return true;
		}
		catch (RefusedException ex) {
			logger.debug("Handshake refused with " + ex.refusal.status() + ": " + ex.refusal.reason());
			this.listener.onHandshakeRefused(ex.refusal.status().value());
			ex.refusal.writeTo(response);
			return false;
		}
	}

	private Handshake accept(ServerHttpRequest request) throws RefusedException {
		if (!isUpgrade(request)) {
			throw new RefusedException(HttpStatus.BAD_REQUEST, "Not a WebSocket upgrade");
		}
		ResumeRequest resume = parse(request);
		if (!this.origins.allows(request)) {
			throw new RefusedException(HttpStatus.FORBIDDEN, "Origin not allowed");
		}
		AuthenticatedUser user = authenticate(request);
		switch (this.admission.admit(user.userId())) {
			case ADMITTED -> {
			}
			case TOO_MANY_FOR_USER ->
				throw new RefusedException(HttpStatus.TOO_MANY_REQUESTS, "Too many connections of this user");
			case TOO_OFTEN_FOR_USER ->
				throw new RefusedException(HttpStatus.TOO_MANY_REQUESTS, "Too many handshakes of this user");
			case FULL -> throw new RefusedException(HttpStatus.SERVICE_UNAVAILABLE, "Too many connections");
			case BUSY ->
				throw new RefusedException(HttpStatus.SERVICE_UNAVAILABLE, "Too many connections are being opened");
			case SHUTTING_DOWN -> throw new RefusedException(HttpStatus.SERVICE_UNAVAILABLE, "Shutting down");
		}
		return new Handshake(user, resume.sessionId(), resume.lastEventId(), resume.epoch(), resume.ndjson());
	}

	private static boolean isUpgrade(ServerHttpRequest request) {
		// over HTTP/2 it is a CONNECT without these headers, RFC 8441
		return CONNECT.equals(request.getMethod()) || (HttpMethod.GET.equals(request.getMethod())
				&& "websocket".equalsIgnoreCase(request.getHeaders().getUpgrade())
				&& request.getHeaders().getConnection().stream().anyMatch("upgrade"::equalsIgnoreCase));
	}

	private static ResumeRequest parse(ServerHttpRequest request) throws RefusedException {
		try {
			return ResumeRequest.parse(request);
		}
		catch (ResumeRequest.MalformedException ex) {
			throw new RefusedException(HttpStatus.BAD_REQUEST, ex.getMessage());
		}
	}

	private AuthenticatedUser authenticate(ServerHttpRequest request) throws RefusedException {
		try {
			return this.authenticator.authenticate(request);
		}
		catch (HandshakeAuthenticationException ex) {
			throw new RefusedException(HttpStatus.UNAUTHORIZED, ex.getMessage());
		}
		catch (RuntimeException ex) {
			// nothing is known against the client, so it shall come again
			logUnavailable(ex);
			throw new RefusedException(HttpStatus.SERVICE_UNAVAILABLE, "Authentication is not available");
		}
	}

	private void logUnavailable(RuntimeException ex) {
		long now = System.nanoTime();
		long next = this.nextWarning.get();
		// all clients of a node may come at once, and again and again
		if (now - next >= 0 && this.nextWarning.compareAndSet(next, now + WARNING_INTERVAL.toNanos())) {
			logger.warn("A client cannot be authenticated now: "
					+ TOKEN.matcher(ex.toString()).replaceAll("(token)").replaceAll("\\R", " "));
		}
		logger.debug("A client cannot be authenticated now", ex);
	}

	@Override
	public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			@Nullable Exception exception) {
		if (request instanceof ServletServerHttpRequest servlet
				&& servlet.getServletRequest().getAttribute(ADMITTED) instanceof String userId
				&& (exception != null || !isUpgraded(response))) {
			this.admission.cancel(userId);
		}
	}

	private static boolean isUpgraded(ServerHttpResponse response) {
		return !(response instanceof ServletServerHttpResponse servlet)
				|| servlet.getServletResponse().getStatus() == HttpStatus.SWITCHING_PROTOCOLS.value();
	}

	private static final class RefusedException extends Exception {

		private final transient HandshakeRejection refusal;

		RefusedException(HttpStatus status, @Nullable String reason) {
			// a refusal is an answer, not an error: it needs no stack trace
			super(reason, null, false, false);
			this.refusal = new HandshakeRejection(status, (reason != null) ? reason : status.getReasonPhrase());
		}

	}

}
