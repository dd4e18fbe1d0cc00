package dev.resumablews.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A client for server-sent events or long polling on plain sockets, which can also do
 * what no browser does. It sends each message in its own request. A test uses all polls
 * as one connection. Every wait is bounded. Safe for use by many threads.
 */
public final class HttpTestClient implements TestClient {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final String POLL = "30";

	private final Builder builder;

	private final Inbox inbox;

	private final List<String> lines = new ArrayList<>();

	private final AtomicInteger comments = new AtomicInteger();

	private final AtomicInteger polls = new AtomicInteger();

	private volatile Stream stream;

	private volatile boolean closed;

	private volatile @Nullable String sessionId;

	private volatile String epoch = "";

	private volatile long lastEventId;

	private volatile int closeCode = NO_CLOSE_FRAME;

	private HttpTestClient(Builder builder, Stream first) {
		this.builder = builder;
		this.inbox = new Inbox(builder.timeout);
		this.stream = first;
	}

	/**
	 * Returns a builder for a client that receives server-sent events.
	 * @param uri the URI of the WebSocket endpoint
	 * @return a builder
	 */
	public static Builder sse(URI uri) {
		return new Builder(uri, false);
	}

	/**
	 * Returns a builder for a client that uses long polling.
	 * @param uri the URI of the WebSocket endpoint
	 * @return a builder
	 */
	public static Builder longPoll(URI uri) {
		return new Builder(uri, true);
	}

	@Override
	public Inbox inbox() {
		return this.inbox;
	}

	/**
	 * Returns a header of the current response.
	 * @param name the name of the header
	 * @return its first value; null if it is absent
	 */
	public @Nullable String responseHeader(String name) {
		return this.stream.head.header(name);
	}

	/**
	 * Returns the lines received so far, without empty ones.
	 * @return the lines
	 */
	public List<String> lines() {
		synchronized (this.lines) {
			return List.copyOf(this.lines);
		}
	}

	/**
	 * Returns how many comments were received.
	 * @return the number of comments
	 */
	public int comments() {
		return this.comments.get();
	}

	/**
	 * Sends a message in a request, and treats the response as a received message.
	 */
	@Override
	public void send(String json) {
		HttpResponse response = post(json);
		if (response.header("Content-Type") != null && response.body().startsWith("{")) {
			this.inbox.add(JSON.readTree(response.body()));
		}
	}

	/**
	 * Sends messages in a request.
	 * @param body the messages
	 * @return the response
	 */
	public HttpResponse post(String body) {
		long deadline = System.nanoTime() + this.builder.timeout.toNanos();
		while (this.sessionId == null && System.nanoTime() < deadline) {
			Thread.onSpinWait();
		}
		Map<String, String> query = new LinkedHashMap<>();
		if (this.builder.query.containsKey("token")) {
			query.put("token", this.builder.query.get("token"));
		}
		query.put("sessionId", String.valueOf(this.sessionId));
		Map<String, String> headers = new LinkedHashMap<>(this.builder.headers);
		headers.putIfAbsent("Content-Type", "application/json");
		URI uri = this.builder.uri;
		return HttpResponse.of(uri.getPort(), "POST", RequestTarget.of(messages(uri), query), headers, body);
	}

	private static URI messages(URI uri) {
		return URI.create(uri + "/messages");
	}

	@Override
	public void pauseReading() {
		this.stream.input.pause();
	}

	@Override
	public void resumeReading() {
		this.stream.input.resume();
	}

	@Override
	public void abort() {
		this.closed = true;
		Sockets.reset(this.stream.socket);
		resumeReading();
	}

	@Override
	public void close() {
		this.closed = true;
		Sockets.close(this.stream.socket);
		resumeReading();
	}

	private void listen() {
		Throwable failure = null;
		try {
			read(this.stream);
			while (this.builder.polling && !this.closed && this.closeCode == NO_CLOSE_FRAME) {
				Map<String, String> query = new LinkedHashMap<>(this.builder.query);
				query.put("sessionId", String.valueOf(this.sessionId));
				query.put("lastEventId", String.valueOf(this.lastEventId));
				query.put("epoch", this.epoch);
				this.stream = this.builder.open(query);
				read(this.stream);
			}
		}
		catch (IOException | RuntimeException ex) {
			failure = ex;
		}
		Sockets.close(this.stream.socket);
		this.inbox.closed(this.closeCode, failure);
	}

	private void read(Stream stream) throws IOException {
		StringBuilder data = new StringBuilder();
		for (String line = stream.line(); line != null; line = stream.line()) {
			if (line.isEmpty()) {
				if (!data.isEmpty()) {
					take(JSON.readTree(data.toString()));
				}
				data.setLength(0);
				continue;
			}
			synchronized (this.lines) {
				this.lines.add(line);
			}
			if (line.startsWith(":")) {
				this.comments.incrementAndGet();
			}
			else if (line.startsWith("data: ")) {
				data.append(line.substring(6));
			}
			else if (line.startsWith("id: ")) {
				this.lastEventId = Long.parseLong(line.substring(4));
			}
		}
		this.polls.incrementAndGet();
	}

	private void take(JsonNode message) {
		String type = message.path("type").asString("");
		boolean again = this.polls.get() > 0;
		if (type.equals("close")) {
			this.closeCode = message.path("code").asInt();
			return;
		}
		if (type.equals("session_init")) {
			this.sessionId = message.path("session_id").asString("");
			this.epoch = message.path("epoch").asString("");
		}
		boolean resumed = !type.equals("session_init") || message.path("resumed").asBoolean();
		if (again && resumed && (type.equals("session_init") || type.equals("replay_complete"))) {
			return;
		}
		if (again) {
			((ObjectNode) message).remove("replay");
		}
		this.inbox.add(message);
	}

	/**
	 * The body of the current response.
	 */
	private static final class Stream {

		private final Socket socket;

		private final PausableInput input;

		private final InputStream in;

		private final HttpHead head;

		private final boolean chunked;

		private long left;

		private boolean begun;

		private boolean ended;

		Stream(Socket socket, HttpHead head, int readSize) throws IOException {
			this.socket = socket;
			this.head = head;
			this.input = new PausableInput(socket);
			this.in = new BufferedInputStream(this.input, readSize);
			this.chunked = "chunked".equalsIgnoreCase(head.header("Transfer-Encoding"));
		}

		@Nullable String line() throws IOException {
			ByteArrayOutputStream line = new ByteArrayOutputStream();
			for (int next = next(); next != '\n'; next = next()) {
				if (next < 0) {
					return null;
				}
				line.write(next);
			}
			return line.toString(StandardCharsets.UTF_8);
		}

		private int next() throws IOException {
			if (this.ended) {
				return -1;
			}
			if (!this.chunked) {
				return this.in.read();
			}
			if (this.left == 0) {
				if (this.begun) {
					// some servers send the end of a chunk only with the next one
					ascii();
				}
				this.begun = true;
				this.left = Long.parseLong(ascii().split(";")[0].trim(), 16);
				if (this.left == 0) {
					ascii();
					this.ended = true;
					return -1;
				}
			}
			int next = this.in.read();
			this.left--;
			if (next < 0) {
				throw new EOFException("The stream ended within a chunk");
			}
			return next;
		}

		private String ascii() throws IOException {
			StringBuilder line = new StringBuilder();
			for (int next = this.in.read(); next != '\n'; next = this.in.read()) {
				if (next < 0) {
					throw new EOFException("The stream ended between chunks");
				}
				if (next != '\r') {
					line.append((char) next);
				}
			}
			return line.toString();
		}

	}

	/**
	 * Builder for {@link HttpTestClient}. Not thread-safe.
	 */
	public static final class Builder implements TestClient.Builder {

		private final URI uri;

		private final boolean polling;

		private final Map<String, String> query = new LinkedHashMap<>();

		private final Map<String, String> headers = new LinkedHashMap<>();

		private int receiveBuffer;

		private Duration timeout = Duration.ofSeconds(20);

		private Builder(URI uri, boolean polling) {
			this.uri = uri;
			this.polling = polling;
		}

		@Override
		public Builder query(String name, Object value) {
			this.query.put(name, value.toString());
			return this;
		}

		@Override
		public Builder header(String name, String value) {
			this.headers.put(name, value);
			return this;
		}

		@Override
		public Builder receiveBuffer(int bytes) {
			this.receiveBuffer = bytes;
			return this;
		}

		@Override
		public Builder timeout(Duration timeout) {
			this.timeout = timeout;
			return this;
		}

		@Override
		public HttpTestClient connect() {
			try {
				HttpTestClient client = new HttpTestClient(this, open(this.query));
				Thread reader = new Thread(client::listen, "http-test-client");
				reader.setDaemon(true);
				reader.start();
				return client;
			}
			catch (IOException ex) {
				throw new IllegalStateException("No response from " + this.uri, ex);
			}
		}

		@Override
		public UpgradeRejectedException connectRefused() {
			try (HttpTestClient client = connect()) {
				throw new AssertionError("The server accepted: " + client.stream.head.startLine());
			}
			catch (UpgradeRejectedException ex) {
				return ex;
			}
		}

		private Stream open(Map<String, String> query) throws IOException {
			Socket socket = new Socket();
			try {
				if (this.receiveBuffer > 0) {
					socket.setReceiveBufferSize(this.receiveBuffer);
				}
				socket.connect(new InetSocketAddress(this.uri.getHost(), this.uri.getPort()),
						(int) this.timeout.toMillis());
				socket.setSoTimeout((int) this.timeout.toMillis());
				Map<String, String> all = new LinkedHashMap<>(query);
				if (this.polling) {
					all.putIfAbsent("wait", POLL);
				}
				URI sse = URI.create(this.uri + "/sse");
				HttpResponse.write(socket, "GET", RequestTarget.of(sse, all), this.headers, null);
				HttpHead head = HttpHead.read(socket.getInputStream());
				if (head == null) {
					throw new IOException("The server closed the connection without a response");
				}
				if (!head.startLine().contains(" 200")) {
					throw new UpgradeRejectedException(head, head.body(socket.getInputStream(), true));
				}
				return new Stream(socket, head, (this.receiveBuffer > 0) ? Math.min(8192, this.receiveBuffer) : 8192);
			}
			catch (IOException | RuntimeException ex) {
				Sockets.close(socket);
				throw ex;
			}
		}

	}

}
