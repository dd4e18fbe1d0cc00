package dev.resumablews.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

import dev.resumablews.testing.WsFrame;

/**
 * A user that exhausts every limit, in a separate process. Many connections repeat one
 * action as fast as the server allows, and discard what they receive. A connection that
 * is closed or rejected reconnects.
 */
public final class GreedyUser {

	private static final int PING_LENGTH = Integer.getInteger("greedy.ping", 60);

	private static final String ONE_KEY = UUID.randomUUID().toString();

	private static final AtomicLong handshakes = new AtomicLong();

	private static final AtomicLong refused = new AtomicLong();

	private static final AtomicLong frames = new AtomicLong();

	private static final AtomicLong received = new AtomicLong();

	private final int port;

	private final String token;

	private final Attack attack;

	private final CountDownLatch connected;

	private volatile boolean running = true;

	private GreedyUser(int port, String token, Attack attack) {
		this.port = port;
		this.token = token;
		this.attack = attack;
		this.connected = new CountDownLatch(attack.connections);
	}

	/**
	 * Attacks until the end of standard input.
	 * @param args the port, the token, the name of the attack, and the ids of sessions
	 */
	public static void main(String[] args) throws IOException, InterruptedException {
		GreedyUser user = new GreedyUser(Integer.parseInt(args[0]), args[1], Attack.valueOf(args[2]));
		List<String> sessions = List.of(args).subList(3, args.length);
		for (int i = 0; i < user.attack.connections; i++) {
			String session = sessions.get(i % sessions.size());
			Thread thread = new Thread(() -> user.run(session));
			thread.setDaemon(true);
			thread.start();
		}
		if (!user.connected.await(20, TimeUnit.SECONDS)) {
			throw new IllegalStateException(
					"%d connections are not open after 20 s".formatted(user.connected.getCount()));
		}
		System.out.println("ready");
		new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
		user.running = false;
		System.out.printf("%s: %d handshakes, %d of them refused; %d frames sent, %d kB received%n", user.attack,
				handshakes.get(), refused.get(), frames.get(), received.get() / 1024);
	}

	private void run(String session) {
		boolean first = true;
		while (this.running) {
			try (Socket socket = new Socket()) {
				// an address other than the victim's, because handshakes are limited per
				// address
				socket.bind(new InetSocketAddress("127.0.0.2", 0));
				socket.connect(new InetSocketAddress("127.0.0.1", this.port), 10_000);
				boolean upgraded = handshake(socket, session);
				if (first) {
					first = false;
					this.connected.countDown();
				}
				if (upgraded) {
					flood(socket);
				}
				else {
					refused.incrementAndGet();
					pause(50);
				}
			}
			catch (IOException ex) {
				pause(50);
			}
		}
	}

	private boolean handshake(Socket socket, String session) throws IOException {
		handshakes.incrementAndGet();
		String request = "GET /ws?token=%s&sessionId=%s&lastEventId=0 HTTP/1.1\r\n".formatted(this.token, session)
				+ "Host: localhost:" + this.port + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
				+ "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
		socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
		return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII).equals("HTTP/1.1 101");
	}

	private void flood(Socket socket) throws IOException {
		if (this.attack.reads) {
			Thread reader = new Thread(() -> discard(socket));
			reader.setDaemon(true);
			reader.start();
		}
		OutputStream out = socket.getOutputStream();
		for (int i = 0; this.running; i++) {
			String text = this.attack.frame.apply(i);
			if (text.isEmpty()) {
				return;
			}
			out.write(new WsFrame(true, WsFrame.TEXT, text.getBytes(StandardCharsets.UTF_8)).masked());
			frames.incrementAndGet();
		}
	}

	private static void discard(Socket socket) {
		byte[] buffer = new byte[64 * 1024];
		try (socket; InputStream in = socket.getInputStream()) {
			for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
				received.addAndGet(length);
			}
		}
		catch (IOException ex) {
			// the connection has ended
		}
	}

	private static String userMessage(String content) {
		return "{\"type\":\"user_message\",\"idempotency_key\":\"" + UUID.randomUUID() + "\",\"content\":\"" + content
				+ "\"}";
	}

	private static String slow(String key, String payload) {
		return "{\"type\":\"slow\",\"idempotency_key\":\"" + key + "\",\"payload\":{\"x\":\"" + payload + "\"}}";
	}

	private static void pause(long millis) {
		try {
			TimeUnit.MILLISECONDS.sleep(millis);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * The action on each connection.
	 */
	enum Attack {

		/**
		 * Messages whose replies never end, so that replies run and wait.
		 */
		REPLIES(20, true, (i) -> userMessage("x")),

		/**
		 * Pings whose pongs are not read.
		 */
		PONGS(14, false, (i) -> "{\"type\":\"ping\",\"t\":\"" + "x".repeat(PING_LENGTH) + "\"}"),

		/**
		 * Messages of the maximum size.
		 */
		SIZE(60, true, (i) -> userMessage("x".repeat(110_000))),

		/**
		 * Messages with the same key on all connections, for a slow handler.
		 */
		ONE_KEY(14, true, (i) -> slow(GreedyUser.ONE_KEY, "")),

		/**
		 * Messages with different keys, for a slow handler.
		 */
		MANY_KEYS(14, true, (i) -> slow(UUID.randomUUID().toString(), "")),

		/**
		 * Repeated handshakes.
		 */
		HANDSHAKES(20, true, (i) -> ""),

		/**
		 * Repeated replays of the whole log.
		 */
		RESUMES(64, true, (i) -> "{\"type\":\"resume\",\"lastEventId\":0}"),

		/**
		 * Cancellations of replies.
		 */
		CANCELS(20, true, (i) -> "{\"type\":\"cancel\"}"),

		/**
		 * Large messages that wait for a handler.
		 */
		HANDLERS(24, true, (i) -> slow(UUID.randomUUID().toString(), "x".repeat(100_000)));

		private final int connections;

		private final boolean reads;

		private final IntFunction<String> frame;

		/**
		 * Creates an attack.
		 * @param connections the number of simultaneous connections
		 * @param reads whether the connections read
		 * @param frame returns the text of each message; an empty text ends the
		 * connection
		 */
		Attack(int connections, boolean reads, IntFunction<String> frame) {
			this.connections = connections;
			this.reads = reads;
			this.frame = frame;
		}

	}

}
