package dev.resumablews.internal.handshake;

import java.time.Duration;
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
import dev.resumablews.internal.handshake.ConnectionLimiter.Decision;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.web.cors.CorsConfiguration;

/**
 * Accepts or rejects requests to all endpoints. The checks run in this order, cheapest
 * first, and without the database until the user is known:
 * <ol>
 * <li>a request for the WebSocket is an upgrade (else 400), its address is within the
 * rate limit (else 429), and its parameters are well-formed (else 400),</li>
 * <li>its origin is allowed (else 403),</li>
 * <li>its user is authenticated (else 401, or 503 if authentication is unavailable),
 * unless it is for a WebSocket whose first message may hold the token,</li>
 * <li>the limits admit another connection of the user (else 429 or 503).</li>
 * </ol>
 * Reports the rejections of all endpoints to the listeners. Thread-safe.
 */
public final class HandshakeGate {

	private static final Log logger = LogFactory.getLog(HandshakeGate.class);

	private static final HttpMethod CONNECT = HttpMethod.valueOf("CONNECT");

	private static final int MAX_CAUSES = 10;

	private static final Duration WARNING_INTERVAL = Duration.ofSeconds(1);

	private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());

	private final AtomicLong nextOriginWarning = new AtomicLong(System.nanoTime());

	private final HandshakeRateLimiter rate;

	private final OriginPolicy origins;

	private final HandshakeAuthenticator authenticator;

	private final ConnectionLimiter admission;

	private final ResumableWsListener listener;

	private final Predicate<ServerHttpRequest> authenticatesLater;

	/**
	 * Creates a gate.
	 * @param authenticatesLater matches unauthenticated WebSocket requests whose clients
	 * may authenticate with their first message
	 */
	HandshakeGate(HandshakeRateLimiter rate, OriginPolicy origins, HandshakeAuthenticator authenticator,
			ConnectionLimiter admission, ResumableWsListener listener,
			Predicate<ServerHttpRequest> authenticatesLater) {
		this.rate = rate;
		this.origins = origins;
		this.authenticator = authenticator;
		this.admission = admission;
		this.listener = listener;
		this.authenticatesLater = authenticatesLater;
	}

	/**
	 * Checks a request. Accepting a request for a connection reserves a place, which the
	 * connection takes or {@link #cancel} releases. May block for the application's
	 * authenticator and the database, for a few seconds.
	 * @param request the request
	 * @param endpoint the endpoint that it is for
	 * @return the accepted handshake
	 * @throws HandshakeRejectedException if the request is rejected
	 */
	public Handshake accept(ServerHttpRequest request, Endpoint endpoint) throws HandshakeRejectedException {
		RemoteAddress address = RemoteAddress.of(request);
		try {
			ResumeRequest resume = check(request, endpoint, address);
			return admit(authenticate(request), resume, endpoint, address);
		}
		catch (HandshakeRejectedException ex) {
			report(ex, address);
			throw ex;
		}
	}

	/**
	 * Checks a request for a WebSocket as {@link #accept} does, but also accepts a
	 * request without a token if the first message may hold it. This reserves a place
	 * among the unauthenticated WebSockets, which {@link #cancelPending} releases.
	 * @param request the request
	 * @return a {@link Handshake} or a {@link PendingHandshake}
	 * @throws HandshakeRejectedException if the request is rejected
	 */
	AcceptedHandshake acceptWebSocket(ServerHttpRequest request) throws HandshakeRejectedException {
		RemoteAddress address = RemoteAddress.of(request);
		try {
			ResumeRequest resume = check(request, Endpoint.WEBSOCKET, address);
			AuthenticatedUser user;
			try {
				user = authenticate(request);
			}
			catch (HandshakeRejectedException ex) {
				if (ex.rejection().reason() == RejectionReason.TOKEN && this.authenticatesLater.test(request)) {
					return acceptPending(request, resume, address);
				}
				throw ex;
			}
			return admit(user, resume, Endpoint.WEBSOCKET, address);
		}
		catch (HandshakeRejectedException ex) {
			report(ex, address);
			throw ex;
		}
	}

	private PendingHandshake acceptPending(ServerHttpRequest request, ResumeRequest resume, RemoteAddress address)
			throws HandshakeRejectedException {
		PendingHandshake pending = new PendingHandshake(this, new FirstMessageRequest(request), resume, address);
		refuse(this.admission.admitUnauthenticated(address.network()), null);
		return pending;
	}

	/**
	 * Releases the place of an accepted WebSocket that is not opened.
	 * @param network the network that its address is counted with
	 */
	void cancelPending(String network) {
		this.admission.cancelUnauthenticated(network);
	}

	private void report(HandshakeRejectedException ex, RemoteAddress address) {
		RejectionReason reason = ex.rejection().reason();
		logger.debug("Handshake rejected with " + reason.status() + ": " + ex.rejection().text());
		report(reason, ex.userId(), address);
	}

	/**
	 * Reports a rejected client to the listeners.
	 */
	void report(RejectionReason reason, @Nullable String userId, RemoteAddress address) {
		this.listener.onHandshakeRejected(reason.status().value());
		this.listener.onSecurityEvent(
				new SecurityEvent(SecurityEvent.Kind.HANDSHAKE_REFUSED, userId, address.text(), reason.word()));
	}

	/**
	 * Releases the place of an accepted connection that is not opened.
	 * @param userId its user
	 */
	public void cancel(String userId) {
		this.admission.cancel(userId);
	}

	/**
	 * Returns the CORS configuration for pages of other origins.
	 * @return the configuration, not to be changed
	 */
	public CorsConfiguration cors() {
		return this.origins.cors();
	}

	/**
	 * Runs the checks that do not depend on the user.
	 */
	private ResumeRequest check(ServerHttpRequest request, Endpoint endpoint, RemoteAddress address)
			throws HandshakeRejectedException {
		requireHeaders(request);
		if (endpoint == Endpoint.WEBSOCKET && !isUpgrade(request)) {
			throw new HandshakeRejectedException(RejectionReason.MALFORMED, "Not a WebSocket upgrade");
		}
		if (!this.rate.admits(address)) {
			throw new HandshakeRejectedException(RejectionReason.HANDSHAKES_PER_ADDRESS,
					"Too many handshakes from this address");
		}
		ResumeRequest resume = parse(request, endpoint);
		if (!isFromAllowedPage(request, endpoint)) {
			logRejectedOrigin(request);
			throw new HandshakeRejectedException(RejectionReason.ORIGIN, "Origin not allowed");
		}
		return resume;
	}

	/**
	 * Reserves a place for an authenticated request.
	 */
	Handshake admit(AuthenticatedUser user, ResumeRequest resume, Endpoint endpoint, RemoteAddress address)
			throws HandshakeRejectedException {
		admit(user.userId(), endpoint);
		return new Handshake(user, resume.sessionId(), resume.lastEventId(), resume.epoch(),
				resume.ndjson() || endpoint == Endpoint.EVENTS, resume.presence(), resume.longPoll(), address.text());
	}

	/**
	 * Spring cannot represent some headers, such as a content type with a wildcard.
	 */
	private static void requireHeaders(ServerHttpRequest request) throws HandshakeRejectedException {
		try {
			request.getHeaders();
		}
		catch (IllegalArgumentException ex) {
			throw new HandshakeRejectedException(RejectionReason.MALFORMED, "Malformed header");
		}
	}

	private boolean isFromAllowedPage(ServerHttpRequest request, Endpoint endpoint) {
		return (endpoint == Endpoint.WEBSOCKET) ? this.origins.allows(request) : this.origins.allowsOverHttp(request);
	}

	private void admit(String userId, Endpoint endpoint) throws HandshakeRejectedException {
		Decision decision = (endpoint == Endpoint.MESSAGES) ? this.admission.admitMessages()
				: this.admission.admit(userId);
		refuse(decision, userId);
	}

	private static void refuse(Decision decision, @Nullable String userId) throws HandshakeRejectedException {
		switch (decision) {
			case ADMITTED -> {
			}
			case TOO_MANY_FOR_USER -> throw new HandshakeRejectedException(RejectionReason.MAX_PER_USER,
					"Too many connections of this user", userId);
			case TOO_OFTEN_FOR_USER -> throw new HandshakeRejectedException(RejectionReason.HANDSHAKES_RATE,
					"Too many handshakes of this user", userId);
			case TOO_MANY_UNAUTHENTICATED_OF_ADDRESS ->
				throw new HandshakeRejectedException(RejectionReason.MAX_UNAUTHENTICATED_PER_ADDRESS,
						"Too many connections from this address without a token");
			case TOO_MANY_UNAUTHENTICATED -> throw new HandshakeRejectedException(RejectionReason.MAX_UNAUTHENTICATED,
					"Too many connections without a token");
			case FULL ->
				throw new HandshakeRejectedException(RejectionReason.MAX_TOTAL, "Too many connections", userId);
			case BUSY -> throw new HandshakeRejectedException(RejectionReason.MAX_OPENING,
					"Too many connections are being opened", userId);
			case SHUTTING_DOWN ->
				throw new HandshakeRejectedException(RejectionReason.SHUTTING_DOWN, "Shutting down", userId);
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

	private static ResumeRequest parse(ServerHttpRequest request, Endpoint endpoint) throws HandshakeRejectedException {
		if (endpoint == Endpoint.EVENTS && hasBody(request)) {
			throw new HandshakeRejectedException(RejectionReason.MALFORMED, "A request for events has no body");
		}
		try {
			return ResumeRequest.parse(request, endpoint);
		}
		catch (ResumeRequest.MalformedException ex) {
			throw new HandshakeRejectedException(RejectionReason.MALFORMED, ex.getMessage());
		}
	}

	/**
	 * Authenticates a request. May block, because authenticators may.
	 */
	AuthenticatedUser authenticate(ServerHttpRequest request) throws HandshakeRejectedException {
		try {
			return this.authenticator.authenticate(request);
		}
		catch (HandshakeAuthenticationException ex) {
			throw new HandshakeRejectedException(RejectionReason.TOKEN, ex.getMessage());
		}
		catch (RuntimeException ex) {
			// the token may be valid, so the client may retry
			logUnavailable(ex);
			throw new HandshakeRejectedException(RejectionReason.AUTHENTICATION_UNAVAILABLE,
					"Authentication is not available");
		}
	}

	private void logRejectedOrigin(ServerHttpRequest request) {
		if (isDue(this.nextOriginWarning)) {
			logger.warn(this.origins.explain(request));
		}
	}

	/**
	 * Returns whether a warning is due. Limits the log, because all clients of a node may
	 * fail at once and retry.
	 */
	private static boolean isDue(AtomicLong nextWarning) {
		long now = System.nanoTime();
		long next = nextWarning.get();
		return now - next >= 0 && nextWarning.compareAndSet(next, now + WARNING_INTERVAL.toNanos());
	}

	private void logUnavailable(RuntimeException ex) {
		if (isDue(this.nextWarning)) {
			logger.warn("A client cannot be authenticated at the moment: "
					+ ((ex instanceof SafeToLog safe) ? safe.description().replaceAll("\\R", " ") : classes(ex)));
		}
		logger.debug("A client cannot be authenticated at the moment", ex);
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

}
