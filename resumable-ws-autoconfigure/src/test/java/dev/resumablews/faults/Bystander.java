package dev.resumablews.faults;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A well-behaved user during an attack. The user sends messages, which must be
 * acknowledged, and must receive each published event.
 */
final class Bystander implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private final ResumableSessions sessions;

	private final ResumableWsTestClient client;

	private final UUID session;

	private final Duration pace;

	private final Thread thread = new Thread(this::run, "bystander");

	private volatile boolean ended;

	private volatile int served;

	private volatile @Nullable Throwable failure;

	/**
	 * Connects and starts sending.
	 * @param pace the time between two messages, and between two events
	 */
	Bystander(TestServer server, Duration pace) {
		this.pace = pace;
		this.sessions = server.bean(ResumableSessions.class);
		this.client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("bystander")
			.timeout(PATIENCE)
			.connect();
		this.session = this.client.sessionId();
		this.thread.start();
	}

	UUID session() {
		return this.session;
	}

	/**
	 * Stops after the current event and message.
	 * @return how many pairs of event and message were served
	 */
	int end() throws InterruptedException {
		this.ended = true;
		this.thread.join();
		if (this.failure != null) {
			throw new AssertionError("The bystander was not served", this.failure);
		}
		if (!this.client.isConnected()) {
			throw new AssertionError("The bystander's connection was closed: " + this.client.closes());
		}
		return this.served;
	}

	private void run() {
		try {
			while (!this.ended) {
				UUID key = UUID.randomUUID();
				this.sessions.publish(this.session, "tick", Map.of("key", key));
				this.client.say("hello", key);
				this.client.await(ServerFrame.class, (message) -> isTick(message.json(), key));
				this.client.awaitAck(key);
				this.served++;
				LockSupport.parkNanos(this.pace.toNanos());
			}
		}
		catch (Throwable ex) {
			this.failure = ex;
		}
	}

	private static boolean isTick(JsonNode message, UUID key) {
		return message.path("type").asString("").equals("tick")
				&& message.path("payload").path("key").asString("").equals(key.toString());
	}

	@Override
	public void close() {
		this.ended = true;
		this.client.close();
	}

}
