package dev.resumablews.testing;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A WebSocket server on plain sockets that simulates the realtime API of an AI provider.
 * It requires a key and sends {@code session.created} first. It answers
 * {@code response.create} with several {@code response.text.delta} (durable in the
 * tests), as many {@code response.audio.delta} and one {@code response.done}, and any
 * other message with {@code error}. It answers in the order of the messages, and can also
 * misbehave. Safe for use by many threads.
 */
public final class RealtimeUpstream implements AutoCloseable {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

	private final ServerSocket listener;

	private final String key;

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "realtime-upstream");
		thread.setDaemon(true);
		return thread;
	});

	private final Set<Connection> connections = ConcurrentHashMap.newKeySet();

	private final AtomicInteger opened = new AtomicInteger();

	private final AtomicInteger refusals = new AtomicInteger();

	private final List<Received> received = new CopyOnWriteArrayList<>();

	private final List<HttpHead> handshakes = new CopyOnWriteArrayList<>();

	private final Valve handshakeGate = new Valve();

	private final Valve readGate = new Valve();

	private volatile int refusal;

	private final AtomicInteger ignored = new AtomicInteger();

	private volatile boolean ignoring;

	private RealtimeUpstream(ServerSocket listener, String key) {
		this.listener = listener;
		this.key = key;
	}

	/**
	 * Starts a server.
	 * @param key the key that clients must send as {@code Authorization: Bearer <key>}
	 */
	public static RealtimeUpstream start(String key) {
		try {
			RealtimeUpstream upstream = new RealtimeUpstream(
					new ServerSocket(0, 1000, InetAddress.getLoopbackAddress()), key);
			upstream.handshakeGate.open();
			upstream.readGate.open();
			upstream.threads.execute(upstream::accept);
			return upstream;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	public int port() {
		return this.listener.getLocalPort();
	}

	public URI uri() {
		return URI.create("ws://localhost:" + port() + "/v1/realtime");
	}

	/**
	 * Rejects further handshakes with an HTTP status.
	 * @param status the status; 0 to accept handshakes
	 */
	public void refuse(int status) {
		this.refusal = status;
	}

	/**
	 * Delays the responses to handshakes until {@link #answerHandshakes}.
	 */
	public void holdHandshakes() {
		this.handshakeGate.close();
	}

	public void answerHandshakes() {
		this.handshakeGate.open();
	}

	/**
	 * Pauses reading from clients.
	 */
	public void pauseReading() {
		this.readGate.close();
	}

	public void resumeReading() {
		this.readGate.open();
	}

	/**
	 * Sets whether to read and ignore what clients send, including pings.
	 */
	public void ignore(boolean ignoring) {
		this.ignoring = ignoring;
	}

	/**
	 * Returns how many messages were ignored.
	 */
	public int ignored() {
		return this.ignored.get();
	}

	/**
	 * Sends a text message to all clients.
	 */
	public void send(String text) {
		this.connections.forEach((connection) -> connection.sendQuietly(WsFrame.TEXT, bytes(text)));
	}

	public void sendBinary(String text) {
		this.connections.forEach((connection) -> connection.sendQuietly(WsFrame.BINARY, bytes(text)));
	}

	/**
	 * Closes all connections with a close frame.
	 */
	public void closeAll(int code, String reason) {
		byte[] text = bytes(reason);
		byte[] payload = ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array();
		this.connections.forEach((connection) -> connection.sendQuietly(WsFrame.CLOSE, payload));
	}

	/**
	 * Resets all connections.
	 */
	public void cutAll() {
		this.connections.forEach((connection) -> Sockets.reset(connection.socket));
	}

	/**
	 * Returns all received messages, in order.
	 */
	public List<Received> received() {
		return List.copyOf(this.received);
	}

	/**
	 * Returns the heads of all handshakes that were accepted.
	 */
	public List<HttpHead> handshakes() {
		return List.copyOf(this.handshakes);
	}

	/**
	 * Returns how many connections were accepted.
	 */
	public int opened() {
		return this.opened.get();
	}

	public int open() {
		return this.connections.size();
	}

	public int refusals() {
		return this.refusals.get();
	}

	@Override
	public void close() {
		Sockets.close(this.listener);
		this.handshakeGate.open();
		this.readGate.open();
		cutAll();
		this.threads.shutdownNow();
	}

	private void accept() {
		while (!this.listener.isClosed()) {
			try {
				Socket socket = this.listener.accept();
				this.threads.execute(() -> serve(socket));
			}
			catch (IOException ex) {
				// closed
			}
		}
	}

	private void serve(Socket socket) {
		try (socket) {
			socket.setTcpNoDelay(true);
			InputStream in = new BufferedInputStream(socket.getInputStream());
			HttpHead head = HttpHead.read(in);
			this.handshakeGate.await();
			if (head == null) {
				return;
			}
			int status = (this.refusal != 0) ? this.refusal
					: ("Bearer " + this.key).equals(head.header("Authorization")) ? 101 : 401;
			if (status != 101) {
				this.refusals.incrementAndGet();
				socket.getOutputStream()
					.write(bytes(
							"HTTP/1.1 %d Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".formatted(status)));
				return;
			}
			this.handshakes.add(head);
			socket.getOutputStream()
				.write(bytes(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
						+ "Sec-WebSocket-Accept: %s\r\n\r\n")
					.formatted(accepted(String.valueOf(head.header("Sec-WebSocket-Key"))))));
			Connection connection = new Connection(this.opened.incrementAndGet(), socket);
			this.connections.add(connection);
			try {
				connection.run(new DataInputStream(in));
			}
			finally {
				this.connections.remove(connection);
			}
		}
		catch (IOException ex) {
			// the client has disconnected
		}
	}

	private static String accepted(String nonce) {
		try {
			return Base64.getEncoder()
				.encodeToString(MessageDigest.getInstance("SHA-1").digest(bytes(nonce + ACCEPT_SUFFIX)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * A message from a client.
	 *
	 * @param connection the number of its connection, from 1
	 * @param message the message
	 */
	public record Received(int connection, JsonNode message) {

		public boolean redelivered() {
			return this.message.path("redelivered").asBoolean(false);
		}

		public int n() {
			return this.message.path("n").asInt(-1);
		}

	}

	private final class Connection {

		private final int number;

		private final Socket socket;

		private int sequence;

		Connection(int number, Socket socket) {
			this.number = number;
			this.socket = socket;
		}

		void run(DataInputStream in) throws IOException {
			send(Map.of("type", "session.created"));
			StringBuilder message = new StringBuilder();
			while (true) {
				RealtimeUpstream.this.readGate.await();
				WsFrame frame = WsFrame.readMasked(in);
				switch (frame.opcode()) {
					case WsFrame.PING -> {
						if (!RealtimeUpstream.this.ignoring) {
							send(WsFrame.PONG, frame.payload());
						}
					}
					case WsFrame.CLOSE -> {
						send(WsFrame.CLOSE, frame.payload());
						return;
					}
					case WsFrame.TEXT, WsFrame.CONTINUATION -> {
						message.append(new String(frame.payload(), StandardCharsets.UTF_8));
						if (frame.fin()) {
							String text = message.toString();
							message.setLength(0);
							handle(text);
						}
					}
					default -> {
					}
				}
			}
		}

		private void handle(String text) throws IOException {
			if (RealtimeUpstream.this.ignoring) {
				RealtimeUpstream.this.ignored.incrementAndGet();
				return;
			}
			JsonNode message = parse(text);
			if (message == null) {
				send(Map.of("type", "error", "error", Map.of("message", "not JSON")));
				return;
			}
			RealtimeUpstream.this.received.add(new Received(this.number, message));
			if (!"response.create".equals(message.path("type").asString(""))) {
				send(Map.of("type", "error", "error", Map.of("message", "unknown type")));
				return;
			}
			int n = message.path("n").asInt(0);
			int deltas = message.path("deltas").asInt(3);
			for (int i = 0; i < deltas; i++) {
				send(Map.of("type", "response.text.delta", "n", n, "i", i, "delta", "word " + i, "connection",
						this.number, "seq", this.sequence++));
				send(Map.of("type", "response.audio.delta", "n", n, "i", i, "delta", "UklGRg=="));
			}
			send(Map.of("type", "response.done", "n", n, "connection", this.number, "seq", this.sequence++));
		}

		private static @Nullable JsonNode parse(String text) {
			try {
				return JSON.readTree(text);
			}
			catch (JacksonException ex) {
				return null;
			}
		}

		private void send(Map<String, ?> fields) throws IOException {
			send(WsFrame.TEXT, bytes(JSON.writeValueAsString(fields)));
		}

		void sendQuietly(int opcode, byte[] payload) {
			try {
				send(opcode, payload);
			}
			catch (IOException ex) {
				// the client has disconnected
			}
		}

		private synchronized void send(int opcode, byte[] payload) throws IOException {
			OutputStream out = this.socket.getOutputStream();
			out.write(new WsFrame(true, opcode, payload).unmasked());
			out.flush();
		}

	}

	/**
	 * Blocks threads while it is closed.
	 */
	private static final class Valve {

		private boolean open;

		synchronized void open() {
			this.open = true;
			notifyAll();
		}

		synchronized void close() {
			this.open = false;
		}

		synchronized void await() {
			try {
				while (!this.open) {
					wait();
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

	}

}
