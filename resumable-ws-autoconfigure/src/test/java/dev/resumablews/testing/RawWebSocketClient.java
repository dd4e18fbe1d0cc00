package dev.resumablews.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A WebSocket client on a plain socket, for tests that break the protocol or inspect its
 * frames: that send binary or malformed frames, do not answer pings, read slowly, connect
 * from another address, or use another protocol. Other tests use
 * {@link dev.resumablews.test.client.ResumableWsTestClient}, which also checks what it
 * receives.
 * <p>
 * The client answers pings and close frames by default. Every wait is bounded by
 * {@link Builder#timeout}. Safe for use by many threads.
 */
public final class RawWebSocketClient implements TestClient {

	/**
	 * Close code of a close frame without a code.
	 */
	private static final int NO_STATUS = 1005;

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private final Socket socket;

	private final PausableInput input;

	private final DataInputStream in;

	private final OutputStream out;

	private final HttpHead response;

	private final List<WsFrame> frames = Collections.synchronizedList(new ArrayList<>());

	private final Inbox inbox;

	private final AtomicInteger pings = new AtomicInteger();

	private final AtomicInteger pongs = new AtomicInteger();

	private volatile boolean autoPong;

	private volatile boolean autoClose = true;

	private volatile String closeReason = "";

	private RawWebSocketClient(Socket socket, PausableInput input, HttpHead response, Builder builder)
			throws IOException {
		this.socket = socket;
		this.input = input;
		this.in = new DataInputStream(new BufferedInputStream(input, builder.readSize));
		this.out = socket.getOutputStream();
		this.response = response;
		this.inbox = new Inbox(builder.timeout);
		this.autoPong = builder.autoPong;
	}

	/**
	 * Returns a builder for a client.
	 * @param uri the URI of the endpoint, such as {@code ws://localhost:8080/ws}
	 * @return a builder
	 */
	public static Builder to(URI uri) {
		return new Builder(uri);
	}

	/**
	 * Returns a builder for a client of a server on this machine.
	 * @param port the port of the server
	 * @param path the path, such as {@code /ws}
	 * @return a builder
	 */
	public static Builder to(int port, String path) {
		return to(URI.create("ws://localhost:" + port + path));
	}

	/**
	 * Returns a header of the response to the handshake.
	 * @param name the name of the header
	 * @return its first value; null if it is absent
	 */
	public @Nullable String responseHeader(String name) {
		return this.response.header(name);
	}

	@Override
	public Inbox inbox() {
		return this.inbox;
	}

	@Override
	public void send(String json) {
		send(WsFrame.TEXT, json.getBytes(StandardCharsets.UTF_8));
	}

	public void sendBinary(byte[] bytes) {
		send(WsFrame.BINARY, bytes);
	}

	/**
	 * Sends one message in one frame.
	 * @param opcode the opcode
	 * @param payload the payload, which may be invalid for the opcode
	 */
	public void send(int opcode, byte[] payload) {
		send(new WsFrame(true, opcode, payload));
	}

	public void send(WsFrame frame) {
		sendBytes(frame.masked());
	}

	/**
	 * Sends a text message in several frames.
	 * @param text the text
	 * @param bytesPerFrame the size of each frame; frames may split characters
	 */
	public void sendFragmented(String text, int bytesPerFrame) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		for (int start = 0; start < bytes.length; start += bytesPerFrame) {
			int end = Math.min(bytes.length, start + bytesPerFrame);
			send(new WsFrame(end == bytes.length, (start == 0) ? WsFrame.TEXT : WsFrame.CONTINUATION,
					Arrays.copyOfRange(bytes, start, end)));
		}
	}

	private void sendBytes(byte[] bytes) {
		try {
			synchronized (this.out) {
				this.out.write(bytes);
				this.out.flush();
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException("The connection is closed, code " + this.inbox.closeCode().getNow(null),
					ex);
		}
	}

	public void ping() {
		send(WsFrame.PING, new byte[] { 1 });
	}

	/**
	 * Returns all received frames, including control frames, in order.
	 * @return the frames
	 */
	public List<WsFrame> frames() {
		synchronized (this.frames) {
			return List.copyOf(this.frames);
		}
	}

	/**
	 * Pauses reading from the socket. When this method returns, the bytes from the server
	 * fill first the receive buffer of the client, then the send buffer of the server.
	 */
	@Override
	public void pauseReading() {
		this.input.pause();
	}

	@Override
	public void resumeReading() {
		this.input.resume();
	}

	/**
	 * Sets whether to answer pings.
	 * @param autoPong whether to answer pings
	 */
	public void autoPong(boolean autoPong) {
		this.autoPong = autoPong;
	}

	/**
	 * Sets whether to answer close frames.
	 * @param autoClose whether to answer close frames
	 */
	public void autoClose(boolean autoClose) {
		this.autoClose = autoClose;
	}

	public int pingsReceived() {
		return this.pings.get();
	}

	public int pongsReceived() {
		return this.pongs.get();
	}

	/**
	 * Returns the close code from the server, 1005 if its close frame had none, or
	 * {@link #NO_CLOSE_FRAME}.
	 * @return a future that completes when the connection is closed
	 */
	public CompletableFuture<Integer> closeCode() {
		return this.inbox.closeCode();
	}

	/**
	 * Returns the failure that ended the connection without a close frame.
	 * @return the failure; null if there was none
	 */
	public @Nullable Throwable failure() {
		return this.inbox.failure();
	}

	/**
	 * Returns the reason in the close frame of the server.
	 * @return the reason; empty if there was none
	 */
	public String closeReason() {
		return this.closeReason;
	}

	/**
	 * Sends a close frame.
	 * @param code the close code
	 */
	public void sendClose(int code) {
		send(WsFrame.CLOSE, ByteBuffer.allocate(2).putShort((short) code).array());
	}

	/**
	 * Resets the connection without a close frame.
	 */
	@Override
	public void abort() {
		Sockets.reset(this.socket);
		resumeReading();
	}

	/**
	 * Closes the connection with code 1000 and does not wait for the close frame of the
	 * server.
	 */
	@Override
	public void close() {
		if (isOpen() && !this.socket.isClosed()) {
			try {
				sendClose(1000);
			}
			catch (IllegalStateException ex) {
				// closed by the server
			}
		}
		Sockets.close(this.socket);
		resumeReading();
	}

	private void listen() {
		int code = NO_CLOSE_FRAME;
		Throwable failure = null;
		ByteArrayOutputStream message = new ByteArrayOutputStream();
		try {
			while (true) {
				WsFrame frame = WsFrame.read(this.in);
				this.frames.add(frame);
				if (frame.opcode() == WsFrame.CLOSE) {
					code = closed(frame);
					break;
				}
				receive(frame, message);
			}
		}
		catch (IOException | RuntimeException ex) {
			failure = ex;
		}
		this.inbox.closed(code, failure);
		Sockets.close(this.socket);
	}

	private void receive(WsFrame frame, ByteArrayOutputStream message) {
		switch (frame.opcode()) {
			case WsFrame.PING -> {
				this.pings.incrementAndGet();
				if (this.autoPong) {
					send(WsFrame.PONG, frame.payload());
				}
			}
			case WsFrame.PONG -> this.pongs.incrementAndGet();
			case WsFrame.TEXT, WsFrame.CONTINUATION -> {
				message.writeBytes(frame.payload());
				if (frame.fin()) {
					take(message.toString(StandardCharsets.UTF_8));
					message.reset();
				}
			}
			default -> throw new IllegalStateException("A frame with opcode " + frame.opcode());
		}
	}

	private void take(String text) {
		for (String line : text.split("\n")) {
			if (!line.isBlank()) {
				this.inbox.add(JSON.readTree(line));
			}
		}
	}

	private int closed(WsFrame frame) {
		if (this.autoClose) {
			try {
				send(WsFrame.CLOSE, frame.payload());
			}
			catch (IllegalStateException ex) {
				// closed already
			}
		}
		if (frame.payload().length < 2) {
			return NO_STATUS;
		}
		ByteBuffer payload = ByteBuffer.wrap(frame.payload());
		int code = payload.getShort() & 0xffff;
		this.closeReason = StandardCharsets.UTF_8.decode(payload).toString();
		return code;
	}

	/**
	 * Builder for {@link RawWebSocketClient}. Not thread-safe.
	 */
	public static final class Builder implements TestClient.Builder {

		private final URI uri;

		private final Map<String, String> query = new LinkedHashMap<>();

		private final Map<String, String> headers = new LinkedHashMap<>();

		private @Nullable String from;

		private int receiveBuffer;

		private int readSize = 8192;

		private boolean autoPong = true;

		private Duration timeout = Duration.ofSeconds(20);

		private Builder(URI uri) {
			this.uri = uri;
		}

		/**
		 * Sets a query parameter.
		 * @param name the name
		 * @param value the value, which will be encoded
		 * @return this builder
		 */
		@Override
		public Builder query(String name, Object value) {
			this.query.put(name, value.toString());
			return this;
		}

		/**
		 * Sets a header, which replaces the header of the handshake with that name.
		 * @param name the name
		 * @param value the value; empty to omit the header
		 * @return this builder
		 */
		@Override
		public Builder header(String name, String value) {
			this.headers.put(name, value);
			return this;
		}

		/**
		 * Sets the address of this machine to connect from.
		 * @param address the address, such as {@code 127.0.0.2}
		 * @return this builder
		 */
		public Builder from(String address) {
			this.from = address;
			return this;
		}

		/**
		 * Sets the size of the socket's receive buffer. A server detects a client that
		 * does not read sooner if it is small.
		 * @param bytes the size
		 * @return this builder
		 */
		@Override
		public Builder receiveBuffer(int bytes) {
			this.receiveBuffer = bytes;
			this.readSize = Math.min(this.readSize, bytes);
			return this;
		}

		public Builder autoPong(boolean autoPong) {
			this.autoPong = autoPong;
			return this;
		}

		/**
		 * Sets the maximum time of each wait.
		 * @param timeout the time
		 * @return this builder
		 */
		@Override
		public Builder timeout(Duration timeout) {
			this.timeout = timeout;
			return this;
		}

		/**
		 * Connects.
		 * @return the client
		 * @throws UpgradeRejectedException if the server rejects the handshake
		 */
		@Override
		public RawWebSocketClient connect() {
			Socket socket = new Socket();
			try {
				if (this.receiveBuffer > 0) {
					socket.setReceiveBufferSize(this.receiveBuffer);
				}
				if (this.from != null) {
					socket.bind(new InetSocketAddress(this.from, 0));
				}
				socket.setTcpNoDelay(true);
				socket.connect(new InetSocketAddress(this.uri.getHost(), this.uri.getPort()),
						(int) this.timeout.toMillis());
				return upgrade(socket);
			}
			catch (IOException ex) {
				Sockets.close(socket);
				throw new IllegalStateException("No WebSocket connection to " + this.uri, ex);
			}
			catch (UpgradeRejectedException ex) {
				Sockets.close(socket);
				throw ex;
			}
		}

		/**
		 * Connects and expects the server to reject the handshake.
		 * @return the rejection
		 */
		@Override
		public UpgradeRejectedException connectRefused() {
			try (RawWebSocketClient client = connect()) {
				throw new AssertionError("The server accepted: " + client.response.startLine());
			}
			catch (UpgradeRejectedException ex) {
				return ex;
			}
		}

		private RawWebSocketClient upgrade(Socket socket) throws IOException {
			socket.setSoTimeout((int) this.timeout.toMillis());
			socket.getOutputStream().write(request().getBytes(StandardCharsets.UTF_8));
			HttpHead response = HttpHead.read(socket.getInputStream());
			if (response == null) {
				throw new IOException("The server closed the connection without a response");
			}
			if (!response.startLine().contains(" 101")) {
				throw new UpgradeRejectedException(response, response.body(socket.getInputStream(), true));
			}
			RawWebSocketClient client = new RawWebSocketClient(socket, new PausableInput(socket), response, this);
			Thread reader = new Thread(client::listen, "ws-test-client");
			reader.setDaemon(true);
			reader.start();
			return client;
		}

		private String request() {
			byte[] key = new byte[16];
			ThreadLocalRandom.current().nextBytes(key);
			Map<String, String> all = new LinkedHashMap<>();
			all.put("Host", this.uri.getAuthority());
			all.put("Connection", "Upgrade");
			all.put("Upgrade", "websocket");
			all.put("Sec-WebSocket-Version", "13");
			all.put("Sec-WebSocket-Key", Base64.getEncoder().encodeToString(key));
			all.putAll(this.headers);
			StringBuilder request = new StringBuilder("GET ").append(RequestTarget.of(this.uri, this.query))
				.append(" HTTP/1.1\r\n");
			all.forEach((name, value) -> {
				if (!value.isEmpty()) {
					request.append(name).append(": ").append(value).append("\r\n");
				}
			});
			return request.append("\r\n").toString();
		}

	}

}
