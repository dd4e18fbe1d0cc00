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
 * One connection to an upstream. Its methods are called by the thread that sends, its
 * callbacks by the client's container, which waits in them while the {@link Inbox} is
 * full: so it does not read any further. A wait that takes too long ends the connection.
 */
final class Upstream extends AbstractWebSocketHandler {

	private static final Log logger = LogFactory.getLog(Upstream.class);

	/**
	 * How long the container waits for room. Longer than Postgres is away when it fails
	 * over.
	 */
	private static final Duration MOST_WAIT = Duration.ofMinutes(1);

	/**
	 * A wait after which answers to pings may be among what is not read yet.
	 */
	private static final Duration LONG_WAIT = Duration.ofMillis(100);

	private final Inbox inbox = new Inbox();

	private final int maxMessageBytes;

	private final Runnable onChange;

	private volatile @Nullable WebSocketSession session;

	private volatile boolean abandoned;

	private volatile @Nullable CloseStatus closed;

	/**
	 * When the upstream last answered a ping, or the container could not read its answer
	 * yet. Written by the container.
	 */
	private volatile long answeredAt = System.nanoTime();

	/**
	 * Whether the container waits for room.
	 */
	private volatile boolean waiting;

	/**
	 * Creates a connection.
	 * @param onChange is run when the connection was closed, on any thread; must be fast
	 */
	Upstream(int maxMessageBytes, Runnable onChange) {
		this.maxMessageBytes = maxMessageBytes;
		this.onChange = onChange;
	}

	/**
	 * Connects. Blocks until the upstream has answered.
	 * @throws ExecutionException if it cannot be reached, or has refused
	 * @throws TimeoutException if it has not answered in time
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
	 * Returns how the connection was closed.
	 * @return the status; null if it is open
	 */
	@Nullable CloseStatus closed() {
		return this.closed;
	}

	/**
	 * Returns for how long the upstream has answered no ping.
	 * @return the time in nanoseconds; 0 while it is not being read
	 */
	long silence() {
		return this.waiting ? 0 : System.nanoTime() - this.answeredAt;
	}

	/**
	 * Sends a message. Blocks while the upstream does not read, for as long as the
	 * container allows.
	 * @throws IOException if the connection is broken
	 */
	void send(String text) throws IOException {
		open().sendMessage(new TextMessage(text));
	}

	/**
	 * Sends a ping, which the upstream answers after all that was sent before it.
	 * @param eventId the event up to which messages were sent
	 * @throws IOException if the connection is broken
	 */
	void ping(long eventId) throws IOException {
		ByteBuffer payload = ByteBuffer.allocate(Long.BYTES);
		payload.putLong(eventId).flip();
		open().sendMessage(new PingMessage(payload));
	}

	/**
	 * Closes the connection, unless it is closed.
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
	 * Some upstreams send JSON in binary messages.
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
		// its message may hold the address with a secret in its query
		logger.debug("An upstream connection has failed: " + exception.getClass().getName());
	}

	@Override
	public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
		ended(status);
	}

	private void put(WebSocketSession session, Inbox.Item item) {
		long began = System.nanoTime();
		this.waiting = true;
		try {
			if (!this.inbox.put(item, MOST_WAIT)) {
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
			logger.debug("An upstream connection could not be closed: " + ex.getClass().getName());
		}
	}

}
