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
 * Sends random input to a server, from some connections at the same time, and judges each
 * answer. Each input has its own source of randomness, made from the seed and the input's
 * number, so that threads do not change what is sent.
 */
final class Fuzzer {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	/**
	 * Silence after which a server is not waited for that may wait for the client.
	 */
	private static final Duration SILENCE = Duration.ofMillis(150);

	private static final int THREADS = 6;

	private static final int MOST_FAILURES = 10;

	private static final int SHOWN = 1000;

	/**
	 * Reads what is nested deeper than a client may send, as an application may add to
	 * it.
	 */
	private static final JsonMapper JSON = JsonMapper
		.builder(JsonFactory.builder()
			.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(1000).build())
			.build())
		.build();

	/**
	 * What tells of the code: names of classes and packages, and lines of stack traces.
	 */
	private static final Pattern INTERNALS = Pattern.compile(
			"Exception|Throwable|\\.java\\b|\\b(java|javax|jakarta|org|com|dev|tools|sun|jdk)\\.[a-z]+\\.|^\\s+at |nimbus|jackson|catalina",
			Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);

	/**
	 * Unavailable; and what containers say of an unknown transfer encoding or version of
	 * HTTP, as RFC 9112 and RFC 9110 ask.
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
	 * Creates a source of trouble.
	 * @param users how many users the input is spread over
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
	 * @param atLeast how many
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
			converse(user(number), frames.bytes(), random);
			return true;
		});
		count("frames", (int) sent.get());
	}

	/**
	 * Sends messages that are answered, and then a frame of an unknown kind, on many
	 * connections.
	 */
	void brokenFrames(int count) throws InterruptedException {
		byte[] frames = RandomFrames.pingsAndUnknownFrame();
		run("Broken frames", (number) -> {
			if (number >= count) {
				return false;
			}
			converse(user(number), frames, random(number));
			return true;
		});
	}

	/**
	 * Makes handshakes.
	 * @param count how many
	 */
	void handshakes(int count) throws InterruptedException {
		run("Handshake", (number) -> {
			if (number >= count) {
				return false;
			}
			Random random = random(number);
			shake(RandomHandshake.of(random, user(number), this.server.port(), this.otherSession));
			return true;
		});
	}

	/**
	 * Returns what the server has answered, and how often.
	 */
	Map<String, AtomicInteger> answers() {
		return this.answers;
	}

	int count(String answer) {
		return this.answers.getOrDefault(answer, new AtomicInteger()).get();
	}

	/**
	 * Returns what it must not have answered.
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
				while (more && this.failures.size() < MOST_FAILURES) {
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

	private void converse(String user, byte[] frames, Random random) throws IOException {
		try (RawSocket socket = new RawSocket(this.server.port(), PATIENCE)) {
			socket.send(RawSocket.handshake(this.server.port(), "token=" + RandomToken.good(user).text()));
			HttpHead head = socket.readHead();
			if (head == null || !head.startLine().contains(" 101")) {
				judgeRefusal(socket, head, true);
				return;
			}
			try {
				ByteArrayOutputStream message = new ByteArrayOutputStream();
				if (random.nextInt(4) > 0) {
					judge(socket.readFrame(PATIENCE), message);
				}
				socket.send(frames);
				readAll(socket, message);
			}
			catch (SocketException | EOFException ex) {
				// closed while this was sending or without a close frame
				count("end without a close frame", 1);
			}
			catch (InvalidFrameException ex) {
				// Tomcat mixes its close frame with what it gives up to send
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
			while (judge(socket.readFrame(SILENCE), message)) {
				// the next one
			}
		}
		catch (SocketTimeoutException ex) {
			count("still open", 1);
		}
	}

	/**
	 * Judges a frame of the server.
	 * @param message the pieces of the message that has not ended
	 * @return whether others may follow
	 */
	private boolean judge(WsFrame frame, ByteArrayOutputStream message) {
		switch (frame.opcode()) {
			case WsFrame.CLOSE -> {
				ByteBuffer payload = ByteBuffer.wrap(frame.payload());
				int code = (payload.remaining() >= 2) ? payload.getShort() & 0xffff : 1005;
				String reason = StandardCharsets.UTF_8.decode(payload).toString();
				check(!INTERNALS.matcher(reason).find(), "close reason " + code + " " + reason);
				check(code != 1011, "closed with 1011 " + reason);
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
			text.lines().forEach((line) -> judge(JSON.readTree(line)));
		}
	}

	private void judge(JsonNode message) {
		String type = message.path("type").asString("");
		if (!message.has("payload")) {
			check(CONTROL.contains(type), "a message " + message);
		}
		if (type.equals("error")) {
			String text = message.path("message").asString("");
			check(!INTERNALS.matcher(text).find(), "error message " + text);
			type = "error " + message.path("code").asString("");
			check(!type.equals("error failed"), "a message " + message);
		}
		count(type, 1);
	}

	private void shake(RandomHandshake handshake) throws IOException {
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
				// Tomcat answers what looks like HTTP/0.9 in that way, without a head
				count("no head", 1);
				return;
			}
			catch (SocketTimeoutException ex) {
				throw new AssertionError("No answer to " + shown(handshake.bytes()), ex);
			}
			if (head != null && head.startLine().contains(" 101")) {
				check(handshake.signed(), "a token that is not signed was accepted: " + shown(handshake.bytes()));
				count("101", 1);
				try {
					judge(socket.readFrame(PATIENCE), new ByteArrayOutputStream());
				}
				catch (EOFException | SocketException ex) {
					// what came after the head was no frame
					count("end without a close frame", 1);
				}
				return;
			}
			try {
				judgeRefusal(socket, head,
						!new String(handshake.bytes(), StandardCharsets.ISO_8859_1).startsWith("HEAD"));
			}
			catch (AssertionError ex) {
				throw new AssertionError(ex.getMessage() + "\nto " + shown(handshake.bytes()), ex);
			}
		}
	}

	private void judgeRefusal(RawSocket socket, @Nullable HttpHead head, boolean hasBody) throws IOException {
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
		check(!INTERNALS.matcher(body).find(), "the body " + body);
		check(!INTERNALS.matcher(head.headers().toString()).find(), "the headers " + head.headers());
		count(String.valueOf(status), 1);
	}

	private void count(String answer, int times) {
		this.answers.computeIfAbsent(answer, (key) -> new AtomicInteger()).addAndGet(times);
	}

	private static void check(boolean good, String otherwise) {
		if (!good) {
			throw new AssertionError(otherwise);
		}
	}

	private static String shown(byte[] bytes) {
		String text = new String(bytes, StandardCharsets.ISO_8859_1);
		return text.substring(0, Math.min(SHOWN, text.length())).replace("\r", "\\r").replace("\n", "\\n\n");
	}

	private interface Step {

		/**
		 * Sends an input.
		 * @return whether there was one
		 */
		boolean run(int number) throws IOException;

	}

}
