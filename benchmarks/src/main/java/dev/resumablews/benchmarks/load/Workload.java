package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

import dev.resumablews.benchmarks.wire.Seeds;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;

/**
 * A load. Runs once, on the thread of the event loop.
 */
abstract class Workload implements WsClient.Listener {

	static final byte[] INIT = ascii("session_init");

	static final byte[] REPLAY_COMPLETE = ascii("replay_complete");

	static final byte[] EVENT = ascii(Seeds.EVENT_TYPE + "\"");

	static final byte[] DELTA = ascii("assistant_delta");

	static final byte[] MESSAGE = ascii("assistant_message");

	static final byte[] FAILED = ascii("assistant_failed");

	static final byte[] ERROR = ascii("error\"");

	private final EventLoop loop;

	private final Dialect dialect;

	private final List<WsClient> clients = new ArrayList<>();

	private final Map<String, Integer> problems = new TreeMap<>();

	private final Map<String, String> tokens = new HashMap<>();

	Workload(EventLoop loop, String dialect) {
		this.loop = loop;
		this.dialect = Dialect.of(dialect);
	}

	/**
	 * Runs the load and measures it.
	 * @return the measured values by name
	 */
	abstract Map<String, Double> run() throws IOException;

	/**
	 * Returns the problems, and how often each occurred.
	 */
	final Map<String, Integer> problems() {
		return this.problems;
	}

	final Dialect dialect() {
		return this.dialect;
	}

	final EventLoop loop() {
		return this.loop;
	}

	final List<WsClient> clients() {
		return this.clients;
	}

	/**
	 * Connects a client as soon as the limit of the event loop allows.
	 */
	final WsClient open(int port, int user, @Nullable String sessionId) {
		return open(port, user, sessionId, null);
	}

	/**
	 * Connects a client that has received a part of its session.
	 */
	final WsClient open(int port, int user, @Nullable String sessionId, @Nullable String lastEventId) {
		String name = Seeds.user(user);
		String token = this.tokens.computeIfAbsent(name, Tokens::forUser);
		WsClient client = new WsClient(this.loop, new Target(port, name, token, sessionId, lastEventId), this.dialect,
				this);
		this.clients.add(client);
		this.loop.open(client);
		return client;
	}

	/**
	 * Runs the clients until a condition holds or the time has passed.
	 * @return whether the condition holds
	 */
	final boolean until(Duration atMost, BooleanSupplier happened) throws IOException {
		long end = System.nanoTime() + atMost.toNanos();
		while (!happened.getAsBoolean()) {
			if (System.nanoTime() > end) {
				return false;
			}
			this.loop.runOnce();
		}
		return true;
	}

	/**
	 * Closes all clients, including those that have not begun to connect.
	 */
	final void closeAll() throws IOException {
		this.loop.clear();
		List.copyOf(this.clients).forEach(WsClient::close);
		this.clients.clear();
		this.loop.runOnce();
	}

	final void problem(String problem) {
		this.problems.merge(problem, 1, Integer::sum);
	}

	@Override
	public void onClosed(WsClient client, @Nullable String problem) {
		if (problem != null) {
			problem(problem);
		}
	}

	private static byte[] ascii(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

}
