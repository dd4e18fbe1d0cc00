package dev.resumablews.internal.http;

import java.io.IOException;
import java.time.Duration;

import dev.resumablews.internal.admission.AttachedConnection;
import dev.resumablews.internal.admission.ConnectionEndpoint;
import dev.resumablews.internal.handshake.Endpoint;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.handshake.HandshakeGate;
import dev.resumablews.internal.handshake.HandshakeRejectedException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.http.server.ServletServerHttpResponse;

/**
 * Endpoint for server-sent events and long polls. The response is the channel of a
 * connection that otherwise behaves like one over a WebSocket.
 */
final class EventStreamEndpoint extends HttpEndpoint {

	private static final Log logger = LogFactory.getLog(EventStreamEndpoint.class);

	private final ConnectionEndpoint endpoint;

	private final Duration maxWait;

	/**
	 * Creates the endpoint.
	 * @param maxWait maximum wait of a long poll
	 */
	EventStreamEndpoint(HandshakeGate gate, ConnectionEndpoint endpoint, Duration maxWait) {
		super(gate, "GET");
		this.endpoint = endpoint;
		this.maxWait = maxWait;
	}

	@Override
	void handle(HttpServletRequest request, HttpServletResponse response) throws IOException {
		long began = System.nanoTime();
		Handshake handshake;
		try {
			handshake = gate().accept(new ServletServerHttpRequest(request), Endpoint.EVENTS);
		}
		catch (HandshakeRejectedException ex) {
			ex.rejection().writeTo(new ServletServerHttpResponse(response));
			return;
		}
		AsyncBody body;
		try {
			body = begin(request, response);
		}
		catch (IOException | RuntimeException ex) {
			gate().cancel(handshake.user().userId());
			throw ex;
		}
		attach(handshake, began, body);
	}

	private static AsyncBody begin(HttpServletRequest request, HttpServletResponse response) throws IOException {
		response.setContentType("text/event-stream");
		response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store, no-transform");
		// disables buffering in nginx
		response.setHeader("X-Accel-Buffering", "no");
		return AsyncBody.begin(request, response);
	}

	private void attach(Handshake handshake, long began, AsyncBody body) {
		Duration wait = handshake.longPoll();
		LongPoll poll = (wait != null) ? new LongPoll((wait.compareTo(this.maxWait) < 0) ? wait : this.maxWait) : null;
		EventStreamChannel channel = new EventStreamChannel(body, this.endpoint.services().writer(), poll);
		AttachedConnection attached = this.endpoint.attach(handshake, channel, began);
		try {
			channel.begin(attached.connection()::pong);
			attached.open();
		}
		catch (Throwable ex) {
			logger.error("Failed to open connection " + attached.connection().id(), ex);
			body.abort();
		}
		body.end().thenRun(() -> attached.remove(AttachedConnection.NO_CLOSE_FRAME));
	}

}
