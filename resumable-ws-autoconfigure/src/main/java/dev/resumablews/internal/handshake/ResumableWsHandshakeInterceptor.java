package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
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
 * <li>for a user who is known (else 401, or 503 when that cannot be told now), or whose
 * first message is to say who it is,</li>
 * <li>for whom there is room (else 429 or 503).</li>
 * </ol>
 * An accepted request leaves its {@link Handshake} in the attributes, or a
 * {@link PendingHandshake} if the client may say later who it is. Thread-safe.
 */
final class ResumableWsHandshakeInterceptor implements HandshakeInterceptor {

	private static final Log logger = LogFactory.getLog(ResumableWsHandshakeInterceptor.class);

	private static final HttpMethod CONNECT = HttpMethod.valueOf("CONNECT");

	/**
	 * Name of the request's attribute that gives the reserved place back.
	 */
	private static final String CANCEL = ResumableWsHandshakeInterceptor.class.getName() + ".cancel";

	private static final int MAX_CAUSES = 10;

	private static final Duration WARNING_INTERVAL = Duration.ofSeconds(1);

	private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());

	private final HandshakeRateLimiter rate;

	private final OriginPolicy origins;

	private final HandshakeAuthenticator authenticator;

	private final ConnectionLimiter admission;

	private final ResumableWsListener listener;

	private final Predicate<ServerHttpRequest> authenticatesLater;

	/**
	 * Creates an interceptor.
	 * @param authenticatesLater says of requests that are not authentic whether their
	 * clients may authenticate by their first message
	 */
	ResumableWsHandshakeInterceptor(HandshakeRateLimiter rate, OriginPolicy origins,
			HandshakeAuthenticator authenticator, ConnectionLimiter admission, ResumableWsListener listener,
			Predicate<ServerHttpRequest> authenticatesLater) {
		this.rate = rate;
		this.origins = origins;
		this.authenticator = authenticator;
		this.admission = admission;
		this.listener = listener;
		this.authenticatesLater = authenticatesLater;
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) throws IOException {
		RemoteAddress address = RemoteAddress.of(request);
		try {
			accept(request, address, attributes);
			return true;
		}
		catch (HandshakeRefusedException ex) {
			logger.debug("Handshake refused with " + ex.reason().status() + ": " + ex.rejection().text());
			report(ex.reason(), ex.userId(), address);
			ex.rejection().writeTo(response);
			return false;
		}
	}

	/**
	 * Tells the listeners of a client that is not let in.
	 */
	void report(RejectionReason reason, @Nullable String userId, RemoteAddress address) {
		this.listener.onHandshakeRefused(reason.status().value());
		this.listener.onSecurityEvent(
				new SecurityEvent(SecurityEvent.Kind.HANDSHAKE_REFUSED, userId, address.text(), reason.word()));
	}

	private void accept(ServerHttpRequest request, RemoteAddress address, Map<String, Object> attributes)
			throws HandshakeRefusedException {
		if (!isUpgrade(request)) {
			throw new HandshakeRefusedException(RejectionReason.MALFORMED, "Not a WebSocket upgrade");
		}
		if (!this.rate.admits(address)) {
			throw new HandshakeRefusedException(RejectionReason.HANDSHAKES_PER_ADDRESS,
					"Too many handshakes from this address");
		}
		ResumeRequest resume = parse(request);
		if (!this.origins.allows(request)) {
			throw new HandshakeRefusedException(RejectionReason.ORIGIN, "Origin not allowed");
		}
		try {
			AuthenticatedUser user = authenticate(request);
			admit(user.userId());
			attributes.put(Handshake.ATTRIBUTE, resume.handshake(user, address));
			onFailedUpgrade(request, () -> this.admission.cancel(user.userId()));
		}
		catch (HandshakeRefusedException ex) {
			if (ex.reason() != RejectionReason.TOKEN || !this.authenticatesLater.test(request)) {
				throw ex;
			}
			PendingHandshake pending = new PendingHandshake(this, new FirstMessageRequest(request), resume, address);
			refuse(this.admission.admitUnauthenticated(address.network()), null);
			attributes.put(PendingHandshake.ATTRIBUTE, pending);
			onFailedUpgrade(request, () -> this.admission.cancelUnauthenticated(address.network()));
		}
	}

	void admit(String userId) throws HandshakeRefusedException {
		refuse(this.admission.admit(userId), userId);
	}

	private static void refuse(ConnectionLimiter.Decision decision, @Nullable String userId)
			throws HandshakeRefusedException {
		switch (decision) {
			case ADMITTED -> {
			}
			case TOO_MANY_FOR_USER -> throw new HandshakeRefusedException(RejectionReason.MAX_PER_USER,
					"Too many connections of this user", userId);
			case TOO_OFTEN_FOR_USER -> throw new HandshakeRefusedException(RejectionReason.HANDSHAKES_RATE,
					"Too many handshakes of this user", userId);
			case TOO_MANY_UNAUTHENTICATED_OF_ADDRESS ->
				throw new HandshakeRefusedException(RejectionReason.MAX_UNAUTHENTICATED_PER_ADDRESS,
						"Too many connections from this address without a token");
			case TOO_MANY_UNAUTHENTICATED -> throw new HandshakeRefusedException(RejectionReason.MAX_UNAUTHENTICATED,
					"Too many connections without a token");
			case FULL -> throw new HandshakeRefusedException(RejectionReason.MAX_TOTAL, "Too many connections", userId);
			case BUSY -> throw new HandshakeRefusedException(RejectionReason.MAX_OPENING,
					"Too many connections are being opened", userId);
			case SHUTTING_DOWN ->
				throw new HandshakeRefusedException(RejectionReason.SHUTTING_DOWN, "Shutting down", userId);
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

	private static ResumeRequest parse(ServerHttpRequest request) throws HandshakeRefusedException {
		try {
			return ResumeRequest.parse(request);
		}
		catch (ResumeRequest.MalformedException ex) {
			throw new HandshakeRefusedException(RejectionReason.MALFORMED, ex.getMessage());
		}
	}

	AuthenticatedUser authenticate(ServerHttpRequest request) throws HandshakeRefusedException {
		try {
			return this.authenticator.authenticate(request);
		}
		catch (HandshakeAuthenticationException ex) {
			throw new HandshakeRefusedException(RejectionReason.TOKEN, ex.getMessage());
		}
		catch (RuntimeException ex) {
			// nothing is known against the client, so it shall come again
			logUnavailable(ex);
			throw new HandshakeRefusedException(RejectionReason.AUTHENTICATION_UNAVAILABLE,
					"Authentication is not available");
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
				&& servlet.getServletRequest().getAttribute(CANCEL) instanceof Runnable cancel
				&& (exception != null || !isUpgraded(response))) {
			cancel.run();
		}
	}

	private static void onFailedUpgrade(ServerHttpRequest request, Runnable cancel) {
		if (request instanceof ServletServerHttpRequest servlet) {
			servlet.getServletRequest().setAttribute(CANCEL, cancel);
		}
	}

	private static boolean isUpgraded(ServerHttpResponse response) {
		return !(response instanceof ServletServerHttpResponse servlet)
				|| servlet.getServletResponse().getStatus() == HttpStatus.SWITCHING_PROTOCOLS.value();
	}

}
