package dev.resumablews.internal.relay;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.web.socket.BinaryMessage;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.PingMessage;
import org.springframework.web.socket.PongMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.client.WebSocketClient;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;

/**
 * A connection to an upstream. Methods are called by the sending thread. Callbacks are
 * called by the client's container and block while the {@link Inbox} is full, so that the
 * container stops reading. A wait that exceeds its timeout ends the connection.
 */
final class Upstream extends AbstractWebSocketHandler {

	private static final Log logger = LogFactory.getLog(Upstream.class);

	/**
	 * Maximum time for which the container waits for room. Longer than a typical failover
	 * of Postgres.
	 */
	private static final Duration MAX_WAIT = Duration.ofMinutes(1);

	/**
	 * Wait after which unread data may contain answers to pings.
	 */
	private static final Duration LONG_WAIT = Duration.ofMillis(100);

	private final Inbox inbox = new Inbox();

	private final int maxMessageBytes;

	private final Runnable onChange;

	private volatile @Nullable WebSocketSession session;

	private volatile boolean abandoned;

	private volatile @Nullable CloseStatus closed;

	/**
	 * Time at which the upstream last answered a ping, or at which its answer could not
	 * have been read. Written by the container.
	 */
	private volatile long answeredAt = System.nanoTime();

	/**
	 * Whether the container waits for room.
	 */
	private volatile boolean waiting;

	/**
	 * Creates a connection.
	 * @param onChange called on any thread when the connection was closed; must return
	 * quickly
	 */
	Upstream(int maxMessageBytes, Runnable onChange) {
		this.maxMessageBytes = maxMessageBytes;
		this.onChange = onChange;
	}

	/**
	 * Connects. Blocks until the upstream has answered.
	 * @throws ExecutionException if the upstream is unreachable or refuses the connection
	 * @throws TimeoutException if the upstream has not answered in time
	 * @throws InterruptedException if the thread was interrupted
	 */
	void connect(WebSocketClient client, URI uri, WebSocketHttpHeaders headers, Duration timeout)
			throws ExecutionException, TimeoutException, InterruptedException {
		CompletableFuture<WebSocketSession> attempt = client.execute(this, headers, uri);
		boolean connected = false;
		try {
			this.session = attempt.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
			connected = true;
		}
		finally {
			if (!connected) {
				this.abandoned = true;
				attempt.thenAccept((late) -> close(late, CloseStatus.GOING_AWAY));
			}
		}
	}

	Inbox inbox() {
		return this.inbox;
	}

	/**
	 * Returns the close status.
	 * @return the status; null if the connection is open
	 */
	@Nullable CloseStatus closed() {
		return this.closed;
	}

	/**
	 * Returns the time since the upstream last answered a ping.
	 * @return the time in nanoseconds; 0 while the container is not reading
	 */
	long silence() {
		return this.waiting ? 0 : System.nanoTime() - this.answeredAt;
	}

	/**
	 * Sends a message. Blocks while the upstream does not read, up to the container's
	 * timeout.
	 * @throws IOException if the connection is broken
	 */
	void send(String text) throws IOException {
		open().sendMessage(new TextMessage(text));
	}

	/**
	 * Sends a ping, which the upstream answers after everything sent before it.
	 * @param eventId the event up to which messages were sent
	 * @throws IOException if the connection is broken
	 */
	void ping(long eventId) throws IOException {
		ByteBuffer payload = ByteBuffer.allocate(Long.BYTES);
		payload.putLong(eventId).flip();
		open().sendMessage(new PingMessage(payload));
	}

	/**
	 * Closes the connection, unless it is already closed.
	 */
	void close(CloseStatus status) {
		WebSocketSession session = this.session;
		if (session != null) {
			close(session, status);
		}
		ended(status);
	}

	private WebSocketSession open() throws IOException {
		WebSocketSession session = this.session;
		if (session == null || this.closed != null) {
			throw new IOException("The connection is closed");
		}
		return session;
	}

	@Override
	public void afterConnectionEstablished(WebSocketSession session) {
		session.setTextMessageSizeLimit(this.maxMessageBytes);
		session.setBinaryMessageSizeLimit(this.maxMessageBytes);
		this.answeredAt = System.nanoTime();
		if (this.abandoned) {
			close(session, CloseStatus.GOING_AWAY);
		}
	}

	@Override
	protected void handleTextMessage(WebSocketSession session, TextMessage message) {
		put(session, new Inbox.Text(message.getPayload()));
	}

	/**
	 * Accepts text in binary messages, because some upstreams send JSON that way.
	 */
	@Override
	protected void handleBinaryMessage(WebSocketSession session, BinaryMessage message) {
		put(session, new Inbox.Text(StandardCharsets.UTF_8.decode(message.getPayload()).toString()));
	}

	@Override
	protected void handlePongMessage(WebSocketSession session, PongMessage message) {
		ByteBuffer payload = message.getPayload();
		if (payload.remaining() == Long.BYTES) {
			put(session, new Inbox.Pong(payload.duplicate().getLong()));
		}
	}

	@Override
	public void handleTransportError(WebSocketSession session, Throwable exception) {
		// its message may contain the URL with a secret in its query
		logger.debug("Transport error of an upstream connection: " + exception.getClass().getName());
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
		ended(status);
	}

	private void put(WebSocketSession session, Inbox.Item item) {
		long began = System.nanoTime();
		this.waiting = true;
		try {
			if (!this.inbox.put(item, MAX_WAIT)) {
				close(session, CloseStatus.SERVICE_OVERLOAD);
				ended(CloseStatus.SERVICE_OVERLOAD);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			ended(CloseStatus.GOING_AWAY);
		}
		finally {
			long now = System.nanoTime();
			if (item instanceof Inbox.Pong || now - began > LONG_WAIT.toNanos()) {
				this.answeredAt = now;
			}
			this.waiting = false;
		}
	}

	private void ended(CloseStatus status) {
		if (this.closed == null) {
			this.closed = status;
		}
		this.inbox.end();
		this.onChange.run();
	}

	private static void close(WebSocketSession session, CloseStatus status) {
		try {
			session.close(status);
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("Failed to close an upstream connection: " + ex.getClass().getName());
		}
	}

}
