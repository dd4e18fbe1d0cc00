package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
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
 * <li>it asks for a WebSocket (else 400), from an address that does not ask too often
 * (else 429), with well-formed parameters (else 400),</li>
 * <li>from a page that may (else 403),</li>
 * <li>for a user who is known (else 401, or 503 when that cannot be told now),</li>
 * <li>for whom there is room (else 429 or 503).</li>
 * </ol>
 * An accepted request leaves its {@link Handshake} in the attributes. Thread-safe.
 */
final class ResumableWsHandshakeInterceptor implements HandshakeInterceptor {

	private static final Log logger = LogFactory.getLog(ResumableWsHandshakeInterceptor.class);

	private static final HttpMethod CONNECT = HttpMethod.valueOf("CONNECT");

	/**
	 * Name of the request's attribute that holds the user who was admitted.
	 */
	private static final String ADMITTED = ResumableWsHandshakeInterceptor.class.getName() + ".admitted";

	private static final int MAX_CAUSES = 10;

	private static final Duration WARNING_INTERVAL = Duration.ofSeconds(1);

	private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());

	private final HandshakeRateLimiter rate;

	private final OriginPolicy origins;

	private final HandshakeAuthenticator authenticator;

	private final ConnectionLimiter admission;

	private final ResumableWsListener listener;

	ResumableWsHandshakeInterceptor(HandshakeRateLimiter rate, OriginPolicy origins,
			HandshakeAuthenticator authenticator, ConnectionLimiter admission, ResumableWsListener listener) {
		this.rate = rate;
		this.origins = origins;
		this.authenticator = authenticator;
		this.admission = admission;
		this.listener = listener;
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) throws IOException {
		RemoteAddress address = RemoteAddress.of(request);
		try {
			Handshake handshake = accept(request, address);
			attributes.put(Handshake.ATTRIBUTE, handshake);
			if (request instanceof ServletServerHttpRequest servlet) {
				servlet.getServletRequest().setAttribute(ADMITTED, handshake.user().userId());
			}
			return true;
		}
		catch (RefusedException ex) {
			RejectionReason reason = ex.rejection.reason();
			logger.debug("Handshake refused with " + reason.status() + ": " + ex.rejection.text());
			this.listener.onHandshakeRefused(reason.status().value());
			this.listener.onSecurityEvent(
					new SecurityEvent(SecurityEvent.Kind.HANDSHAKE_REFUSED, ex.userId, address.text(), reason.word()));
			ex.rejection.writeTo(response);
			return false;
		}
	}

	private Handshake accept(ServerHttpRequest request, RemoteAddress address) throws RefusedException {
		if (!isUpgrade(request)) {
			throw new RefusedException(RejectionReason.MALFORMED, "Not a WebSocket upgrade");
		}
		if (!this.rate.admits(address)) {
			throw new RefusedException(RejectionReason.HANDSHAKES_PER_ADDRESS, "Too many handshakes from this address");
		}
		ResumeRequest resume = parse(request);
		if (!this.origins.allows(request)) {
			throw new RefusedException(RejectionReason.ORIGIN, "Origin not allowed");
		}
		AuthenticatedUser user = authenticate(request);
		admit(user.userId());
		return new Handshake(user, resume.sessionId(), resume.lastEventId(), resume.epoch(), resume.ndjson(),
				resume.presence(), address.text());
	}

	private void admit(String userId) throws RefusedException {
		switch (this.admission.admit(userId)) {
			case ADMITTED -> {
			}
			case TOO_MANY_FOR_USER ->
				throw new RefusedException(RejectionReason.MAX_PER_USER, "Too many connections of this user", userId);
			case TOO_OFTEN_FOR_USER ->
				throw new RefusedException(RejectionReason.HANDSHAKES_RATE, "Too many handshakes of this user", userId);
			case FULL -> throw new RefusedException(RejectionReason.MAX_TOTAL, "Too many connections", userId);
			case BUSY -> throw new RefusedException(RejectionReason.MAX_OPENING,
					"Too many connections are being opened", userId);
			case SHUTTING_DOWN -> throw new RefusedException(RejectionReason.SHUTTING_DOWN, "Shutting down", userId);
		}
	}

	private static boolean isUpgrade(ServerHttpRequest request) {
		// over HTTP/2 it is a CONNECT without these headers, RFC 8441
		return CONNECT.equals(request.getMethod()) || (HttpMethod.GET.equals(request.getMethod())
				&& "websocket".equalsIgnoreCase(request.getHeaders().getUpgrade())
				&& request.getHeaders().getConnection().stream().anyMatch("upgrade"::equalsIgnoreCase)
				&& !hasBody(request));
	}

	/**
	 * Returns whether a body is announced. Tomcat waits for it, on one of its threads,
	 * before the WebSocket is open.
	 */
	private static boolean hasBody(ServerHttpRequest request) {
		HttpHeaders headers = request.getHeaders();
		String length = headers.getFirst(HttpHeaders.CONTENT_LENGTH);
		return headers.containsHeader(HttpHeaders.TRANSFER_ENCODING) || (length != null && !length.equals("0"));
	}

	private static ResumeRequest parse(ServerHttpRequest request) throws RefusedException {
		try {
			return ResumeRequest.parse(request);
		}
		catch (ResumeRequest.MalformedException ex) {
			throw new RefusedException(RejectionReason.MALFORMED, ex.getMessage());
		}
	}

	private AuthenticatedUser authenticate(ServerHttpRequest request) throws RefusedException {
		try {
			return this.authenticator.authenticate(request);
		}
		catch (HandshakeAuthenticationException ex) {
			throw new RefusedException(RejectionReason.TOKEN, ex.getMessage());
		}
		catch (RuntimeException ex) {
			// nothing is known against the client, so it shall come again
			logUnavailable(ex);
			throw new RefusedException(RejectionReason.AUTHENTICATION_UNAVAILABLE, "Authentication is not available");
		}
	}

	private void logUnavailable(RuntimeException ex) {
		long now = System.nanoTime();
		long next = this.nextWarning.get();
		// all clients of a node may come at once, and again and again
		if (now - next >= 0 && this.nextWarning.compareAndSet(next, now + WARNING_INTERVAL.toNanos())) {
			logger.warn("A client cannot be authenticated now: "
					+ ((ex instanceof SafeToLog safe) ? safe.description().replaceAll("\\R", " ") : classes(ex)));
		}
		logger.debug("A client cannot be authenticated now", ex);
	}

	/**
	 * Names an exception and its causes without their messages, which may hold a token.
	 */
	private static String classes(Throwable ex) {
		return Stream.iterate(ex, Objects::nonNull, Throwable::getCause)
			.limit(MAX_CAUSES)
			.map((cause) -> cause.getClass().getName())
			.collect(Collectors.joining(", caused by "));
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

		private final transient HandshakeRejection rejection;

		/**
		 * The user, if the token was verified.
		 */
		private final @Nullable String userId;

		RefusedException(RejectionReason reason, @Nullable String text) {
			this(reason, text, null);
		}

		RefusedException(RejectionReason reason, @Nullable String text, @Nullable String userId) {
			// a refusal is an answer, not an error: it needs no stack trace
			super(text, null, false, false);
			this.rejection = new HandshakeRejection(reason, (text != null) ? text : reason.status().getReasonPhrase());
			this.userId = userId;
		}

	}

}
