package dev.resumablews.internal.http;

import java.io.IOException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import dev.resumablews.internal.admission.Connections;
import dev.resumablews.internal.budget.Rate;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.connection.ConnectionServices;
import dev.resumablews.internal.dispatch.DispatcherServices;
import dev.resumablews.internal.handshake.Endpoint;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.handshake.HandshakeGate;
import dev.resumablews.internal.handshake.HandshakeRejectedException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.ServletServerHttpRequest;

/**
 * Endpoint that receives client messages in requests and responds to them. Does not
 * require a connection of the session on any node. Safe for use by many threads.
 */
final class MessagesEndpoint extends HttpEndpoint {

	private final ConnectionServices services;

	private final DispatcherServices dispatcherServices;

	private final Connections connections;

	private final long maxRequestBytes;

	private final Set<Open> open = ConcurrentHashMap.newKeySet();

	/**
	 * Creates the endpoint.
	 * @param maxRequestBytes maximum size of a body
	 */
	MessagesEndpoint(HandshakeGate gate, ConnectionServices services, DispatcherServices dispatcherServices,
			Connections connections, long maxRequestBytes) {
		super(gate, "POST");
		this.services = services;
		this.dispatcherServices = dispatcherServices;
		this.connections = connections;
		this.maxRequestBytes = maxRequestBytes;
	}

	ConnectionServices services() {
		return this.services;
	}

	DispatcherServices dispatcherServices() {
		return this.dispatcherServices;
	}

	Connections connections() {
		return this.connections;
	}

	long maxRequestBytes() {
		return this.maxRequestBytes;
	}

	/**
	 * Checks the timeouts of all requests. Called by the clock.
	 */
	void watch() {
		this.open.forEach((each) -> each.exchange.watch(each.request));
	}

	@Override
	void handle(HttpServletRequest request, HttpServletResponse response) throws IOException {
		HttpAnswer refusal = null;
		Handshake handshake = null;
		try {
			handshake = gate().accept(new ServletServerHttpRequest(request), Endpoint.MESSAGES);
			refusal = refusal(request);
		}
		catch (HandshakeRejectedException ex) {
			refusal = HttpAnswer.of(ex.rejection());
		}
		AsyncBody body = AsyncBody.begin(request, response);
		HttpExchange exchange = new HttpExchange(body, this.services.time(), this.services.settings().sendTimeout());
		if (refusal != null || handshake == null) {
			refuse(request, body, exchange, Objects.requireNonNull(refusal));
		}
		else {
			accept(request, body, exchange, handshake);
		}
	}

	/**
	 * Sends the response once the body has been read and discarded: a container that
	 * finds an unread body blocks a thread to read it.
	 */
	private void refuse(HttpServletRequest request, AsyncBody body, HttpExchange exchange, HttpAnswer refusal)
			throws IOException {
		watch(new Open(exchange, null), body, () -> {
		});
		new RequestBody(request.getInputStream(), new Dropped(exchange, refusal)).begin();
	}

	private void accept(HttpServletRequest request, AsyncBody body, HttpExchange exchange, Handshake handshake)
			throws IOException {
		UserBudget budget = this.services.budgets().hold(handshake.user().userId());
		MessageRequest messages = new MessageRequest(this, handshake, Objects.requireNonNull(handshake.sessionId()),
				budget, exchange);
		HttpAnswer refusal = null;
		boolean taken = budget.tryTake(Share.WAITING_MESSAGES, 1);
		if (!taken) {
			refusal = messages.exceeded(Share.WAITING_MESSAGES.reason());
		}
		else if (!budget.tryConsume(Rate.FRAMES, 1)) {
			refusal = messages.exceeded(Rate.FRAMES.reason());
		}
		watch(new Open(exchange, messages), body, () -> {
			messages.release();
			budget.giveBack(Share.WAITING_MESSAGES, taken ? 1 : 0);
			this.services.budgets().release(budget);
		});
		new RequestBody(request.getInputStream(), (refusal != null) ? new Dropped(exchange, refusal) : messages)
			.begin();
	}

	private void watch(Open request, AsyncBody body, Runnable release) {
		this.open.add(request);
		body.end().thenRun(() -> {
			this.open.remove(request);
			release.run();
		});
	}

	private @Nullable HttpAnswer refusal(HttpServletRequest request) {
		if (this.open.size() >= this.services.settings().maxTotal()) {
			return HttpAnswer.later(503, "Too many requests");
		}
		if (!isJson(request)) {
			return HttpAnswer.text(415, "Only application/json in UTF-8 is supported");
		}
		return (request.getContentLengthLong() > this.maxRequestBytes)
				? HttpAnswer.text(413, "The request body is too large") : null;
	}

	/**
	 * Returns whether the content type is supported. A page of another origin cannot send
	 * it without a preflight request.
	 */
	private static boolean isJson(HttpServletRequest request) {
		String type = request.getContentType();
		if (type == null || request.getHeader(HttpHeaders.CONTENT_ENCODING) != null) {
			return false;
		}
		try {
			MediaType parsed = MediaType.parseMediaType(type);
			String charset = parsed.getParameter("charset");
			return parsed.equalsTypeAndSubtype(MediaType.APPLICATION_JSON)
					&& (charset == null || "utf-8".equalsIgnoreCase(charset.replace("\"", "")));
		}
		catch (InvalidMediaTypeException ex) {
			return false;
		}
	}

	/**
	 * A request that has not ended.
	 *
	 * @param exchange its exchange
	 * @param request the request being processed; null if it was rejected
	 */
	private record Open(HttpExchange exchange, @Nullable MessageRequest request) {

	}

	/**
	 * Discards a body and then sends a response.
	 *
	 * @param exchange the exchange
	 * @param answer the response
	 */
	private record Dropped(HttpExchange exchange, HttpAnswer answer) implements RequestBody.Listener {

		@Override
		public boolean keeps(int length) {
			return false;
		}

		@Override
		public void received(byte[] body, boolean complete) {
			this.exchange.answer(this.answer);
		}

		@Override
		public void overflowed() {
			this.exchange.answerAndCut(this.answer);
		}

		@Override
		public void failed(Throwable failure) {
		}

	}

}
