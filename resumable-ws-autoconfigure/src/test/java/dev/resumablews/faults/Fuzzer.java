package dev.resumablews.faults;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

import dev.resumablews.testing.HttpHead;
import dev.resumablews.testing.InvalidFrameException;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.WsFrame;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sends random input to a server on several connections at the same time, and checks each
 * answer. Each input has its own source of randomness, derived from the seed and the
 * number of the input, so that the input does not depend on the scheduling of threads.
 */
final class Fuzzer {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	/**
	 * Time without an answer after which the server is assumed to wait for the client.
	 */
	private static final Duration SILENCE = Duration.ofMillis(150);

	private static final int THREADS = 6;

	private static final int MAX_FAILURES = 10;

	private static final int MAX_PRINTED = 1000;

	/**
	 * Allows deeper nesting than the server accepts from clients, because an application
	 * may wrap a message.
	 */
	private static final JsonMapper JSON = JsonMapper
		.builder(JsonFactory.builder()
			.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(1000).build())
			.build())
		.build();

	/**
	 * Text that reveals internals: names of classes and packages, and lines of stack
	 * traces.
	 */
	private static final Pattern INTERNALS = Pattern.compile(
			"Exception|Throwable|\\.java\\b|\\b(java|javax|jakarta|org|com|dev|tools|sun|jdk)\\.[a-z]+\\.|^\\s+at |nimbus|jackson|catalina",
			Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);

	/**
	 * 503 if the server is unavailable; 501 and 505 from containers for an unknown
	 * transfer encoding or HTTP version, as RFC 9112 and RFC 9110 require.
	 */
	private static final Set<Integer> ALLOWED_ERRORS = Set.of(503, 501, 505);

	private static final Set<String> CONTROL = Set.of("session_init", "session_epoch", "replay_complete", "pong", "ack",
			"auth_ok", "error", "server_restarting");

	private final TestServer server;

	private final long seed;

	private final int users;

	private final String otherSession;

	private final ConcurrentSkipListMap<String, AtomicInteger> answers = new ConcurrentSkipListMap<>();

	private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();

	/**
	 * Creates a fuzzer.
	 * @param users the number of users that send the input
	 * @param otherSession the id of a session of another user
	 */
	Fuzzer(TestServer server, long seed, int users, String otherSession) {
		this.server = server;
		this.seed = seed;
		this.users = users;
		this.otherSession = otherSession;
	}

	/**
	 * Sends frames on many connections.
	 * @param atLeast the minimum number of frames
	 */
	void frames(int atLeast) throws InterruptedException {
		AtomicLong sent = new AtomicLong();
		run("Frames", (number) -> {
			if (sent.get() >= atLeast) {
				return false;
			}
			Random random = random(number);
			RandomFrames frames = new RandomFrames(random, this.otherSession);
			sent.addAndGet(frames.count());
			exchangeFrames(user(number), frames.bytes(), random);
			return true;
		});
		count("frames", (int) sent.get());
	}

	/**
	 * Sends messages that are answered and then a frame with an unknown opcode, on many
	 * connections.
	 */
	void brokenFrames(int count) throws InterruptedException {
		byte[] frames = RandomFrames.pingsAndUnknownFrame();
		run("Broken frames", (number) -> {
			if (number >= count) {
				return false;
			}
			exchangeFrames(user(number), frames, random(number));
			return true;
		});
	}

	/**
	 * Sends handshakes.
	 * @param count the number of handshakes
	 */
	void handshakes(int count) throws InterruptedException {
		run("Handshake", (number) -> {
			if (number >= count) {
				return false;
			}
			Random random = random(number);
			sendHandshake(RandomHandshake.of(random, user(number), this.server.port(), this.otherSession));
			return true;
		});
	}

	/**
	 * Returns the kinds of answers of the server, with their counts.
	 */
	Map<String, AtomicInteger> answers() {
		return this.answers;
	}

	int count(String answer) {
		return this.answers.getOrDefault(answer, new AtomicInteger()).get();
	}

	/**
	 * Returns the failures, such as unexpected answers.
	 */
	List<String> failures() {
		return List.copyOf(this.failures);
	}

	private Random random(int number) {
		return new Random(this.seed * 1_000_003 + number);
	}

	private String user(int number) {
		return "fuzz-" + number % this.users;
	}

	private void run(String name, Step step) throws InterruptedException {
		AtomicInteger next = new AtomicInteger();
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < THREADS; i++) {
			Thread thread = new Thread(() -> {
				boolean more = true;
				while (more && this.failures.size() < MAX_FAILURES) {
					int number = next.getAndIncrement();
					try {
						more = step.run(number);
					}
					catch (IOException | RuntimeException | AssertionError ex) {
						this.failures.add("%s %d of seed %d: %s".formatted(name, number, this.seed, ex));
					}
				}
			}, "fuzz");
			thread.start();
			threads.add(thread);
		}
		for (Thread thread : threads) {
			thread.join();
		}
	}

	private void exchangeFrames(String user, byte[] frames, Random random) throws IOException {
		try (RawSocket socket = new RawSocket(this.server.port(), PATIENCE)) {
			socket.send(RawSocket.handshake(this.server.port(), "token=" + RandomToken.valid(user).text()));
			HttpHead head = socket.readHead();
			if (head == null || !head.startLine().contains(" 101")) {
				checkRejection(socket, head, true);
				return;
			}
			try {
				ByteArrayOutputStream message = new ByteArrayOutputStream();
				if (random.nextInt(4) > 0) {
					checkAnswer(socket.readFrame(PATIENCE), message);
				}
				socket.send(frames);
				readAll(socket, message);
			}
			catch (SocketException | EOFException ex) {
				// the connection was closed while frames were sent, or without a close
				// frame
				count("end without a close frame", 1);
			}
			catch (InvalidFrameException ex) {
				// Tomcat mixes its close frame with the rest of an aborted message
				count("close frame without a head", 1);
			}
			catch (IOException | RuntimeException ex) {
				throw new AssertionError(ex + " after " + socket.lastBytes(), ex);
			}
			if (random.nextBoolean()) {
				socket.resetOnClose();
			}
		}
	}

	private void readAll(RawSocket socket, ByteArrayOutputStream message) throws IOException {
		try {
			while (checkAnswer(socket.readFrame(SILENCE), message)) {
				// continue with the next frame
			}
		}
		catch (SocketTimeoutException ex) {
			count("still open", 1);
		}
	}

	/**
	 * Checks a frame from the server.
	 * @param message the fragments of the current message
	 * @return whether further frames may follow
	 */
	private boolean checkAnswer(WsFrame frame, ByteArrayOutputStream message) {
		switch (frame.opcode()) {
			case WsFrame.CLOSE -> {
				ByteBuffer payload = ByteBuffer.wrap(frame.payload());
				int code = (payload.remaining() >= 2) ? payload.getShort() & 0xffff : 1005;
				String reason = StandardCharsets.UTF_8.decode(payload).toString();
				check(!INTERNALS.matcher(reason).find(), "close reason " + code + " " + reason);
				check(code != 1011, "closed with code 1011 " + reason);
				count("close " + code, 1);
				return false;
			}
			case WsFrame.TEXT, WsFrame.CONTINUATION -> join(frame, message);
			case WsFrame.PING, WsFrame.PONG -> count("frame " + frame.opcode(), 1);
			default -> throw new AssertionError("A frame with opcode " + frame.opcode());
		}
		return true;
	}

	private void join(WsFrame frame, ByteArrayOutputStream partial) {
		partial.writeBytes(frame.payload());
		if (frame.fin()) {
			String text = partial.toString(StandardCharsets.UTF_8);
			partial.reset();
			text.lines().forEach((line) -> checkAnswer(JSON.readTree(line)));
		}
	}

	private void checkAnswer(JsonNode message) {
		String type = message.path("type").asString("");
		if (!message.has("payload")) {
			check(CONTROL.contains(type), "unexpected message " + message);
		}
		if (type.equals("error")) {
			String text = message.path("message").asString("");
			check(!INTERNALS.matcher(text).find(), "error message " + text);
			type = "error " + message.path("code").asString("");
			check(!type.equals("error failed"), "unexpected message " + message);
		}
		count(type, 1);
	}

	private void sendHandshake(RandomHandshake handshake) throws IOException {
		try (RawSocket socket = new RawSocket(this.server.port(), PATIENCE)) {
			HttpHead head;
			try {
				socket.send(handshake.bytes());
				head = socket.readHead();
			}
			catch (SocketException ex) {
				count("reset", 1);
				return;
			}
			catch (EOFException ex) {
				// Tomcat answers a request that looks like HTTP/0.9 without a head
				count("no head", 1);
				return;
			}
			catch (SocketTimeoutException ex) {
				throw new AssertionError("no response to " + printable(handshake.bytes()), ex);
			}
			if (head != null && head.startLine().contains(" 101")) {
				check(handshake.signed(), "an unsigned token was accepted: " + printable(handshake.bytes()));
				count("101", 1);
				try {
					checkAnswer(socket.readFrame(PATIENCE), new ByteArrayOutputStream());
				}
				catch (EOFException | SocketException ex) {
					// the bytes after the head were not a frame
					count("end without a close frame", 1);
				}
				return;
			}
			try {
				checkRejection(socket, head,
						!new String(handshake.bytes(), StandardCharsets.ISO_8859_1).startsWith("HEAD"));
			}
			catch (AssertionError ex) {
				throw new AssertionError(ex.getMessage() + "\nto " + printable(handshake.bytes()), ex);
			}
		}
	}

	private void checkRejection(RawSocket socket, @Nullable HttpHead head, boolean hasBody) throws IOException {
		if (head == null) {
			count("end without an answer", 1);
			return;
		}
		String[] words = head.startLine().split(" ");
		int status = (words.length > 1) ? Integer.parseInt(words[1]) : 0;
		check(status < 500 || ALLOWED_ERRORS.contains(status), head.startLine());
		String body;
		try {
			body = hasBody ? socket.readBody(head) : "";
		}
		catch (SocketException | EOFException ex) {
			// a server that does not read the whole request resets the connection
			body = "";
		}
		check(!INTERNALS.matcher(body).find(), "internals in the body " + body);
		check(!INTERNALS.matcher(head.headers().toString()).find(), "internals in the headers " + head.headers());
		count(String.valueOf(status), 1);
	}

	private void count(String answer, int times) {
		this.answers.computeIfAbsent(answer, (key) -> new AtomicInteger()).addAndGet(times);
	}

	private static void check(boolean condition, String message) {
		if (!condition) {
			throw new AssertionError(message);
		}
	}

	private static String printable(byte[] bytes) {
		String text = new String(bytes, StandardCharsets.ISO_8859_1);
		return text.substring(0, Math.min(MAX_PRINTED, text.length())).replace("\r", "\\r").replace("\n", "\\n\n");
	}

	private interface Step {

		/**
		 * Sends one input.
		 * @return whether there was an input to send
		 */
		boolean run(int number) throws IOException;

	}

}
