package dev.resumablews.faults;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.awaitility.Awaitility.await;

/**
 * A disturbance by one session, client or transaction that must not affect the others. It
 * lasts until it is ended.
 */
interface Disturbance {

	void end();

	/**
	 * Runs an action during the disturbance, and ends the disturbance.
	 */
	default <T> T during(Supplier<T> action) {
		try {
			return action.get();
		}
		finally {
			end();
		}
	}

	/**
	 * Locks the row of a session, so that events for the session wait.
	 */
	static Disturbance lockedRow(TestServer server, String url) {
		return locked(server, session(server), url);
	}

	private static Disturbance locked(TestServer server, UUID session, String url) {
		try {
			Connection connection = DriverManager.getConnection(url);
			connection.setAutoCommit(false);
			connection.createStatement()
				.execute("select 1 from ws_sessions where session_id = '" + session + "' for update");
			return withWaitingEvents(server, session, () -> close(connection));
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Freezes another process before it commits an event of a session, so that further
	 * events for the session wait.
	 */
	static Disturbance frozenTransaction(TestServer server, String url) {
		UUID session = session(server);
		FrozenPublisher publisher = FrozenPublisher.start(url, session);
		return withWaitingEvents(server, session, publisher::close);
	}

	/**
	 * Sends a message whose handler does not return, in a transaction with the key of the
	 * message.
	 */
	static Disturbance handlerThatNeverReturns(TestServer server) {
		ResumableWsTestClient client = connect(server, "stuck", null);
		client.sendOnce(Map.of("type", Stuck.TYPE, "idempotency_key", UUID.randomUUID().toString()));
		Stuck handler = server.bean(Stuck.class);
		await().until(() -> handler.calls() > 0);
		return () -> {
			handler.release();
			client.close();
		};
	}

	/**
	 * Opens 32 connections of one client and sends the same message with the same key on
	 * each, to a handler that does not return.
	 */
	static Disturbance manyTabsWithOneKey(TestServer server) {
		int tabs = 32;
		List<ResumableWsTestClient> clients = new ArrayList<>();
		ResumableWsTestClient first = connect(server, "tabs", null);
		UUID session = first.sessionId();
		clients.add(first);
		while (clients.size() < tabs) {
			clients.add(connect(server, "tabs", session));
		}
		String key = UUID.randomUUID().toString();
		clients.forEach((client) -> client.sendOnce(Map.of("type", Stuck.TYPE, "idempotency_key", key)));
		Stuck handler = server.bean(Stuck.class);
		await().until(() -> handler.calls() > 0);
		return () -> {
			handler.release();
			clients.forEach(ResumableWsTestClient::close);
		};
	}

	private static Disturbance withWaitingEvents(TestServer server, UUID session, Runnable end) {
		ResumableSessions sessions = server.bean(ResumableSessions.class);
		for (int n = 0; n < 10; n++) {
			sessions.publishAsync(session, "waits", Map.of("n", n));
		}
		return end::run;
	}

	/**
	 * Creates a session with one event.
	 */
	static UUID session(TestServer server) {
		try (ResumableWsTestClient client = connect(server, "user-" + UUID.randomUUID(), null)) {
			UUID session = client.sessionId();
			server.bean(ResumableSessions.class).publish(session, "first", Map.of());
			return session;
		}
	}

	private static ResumableWsTestClient connect(TestServer server, String user, @Nullable UUID session) {
		ResumableWsTestClientBuilder builder = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user(user);
		if (session != null) {
			builder = builder.session(session);
		}
		return builder.connect();
	}

	private static void close(Connection connection) {
		try {
			connection.close();
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * A handler that does not return until it is released.
	 */
	final class Stuck implements ClientMessageHandler {

		static final String TYPE = "stuck";

		private int calls;

		private CountDownLatch released = new CountDownLatch(1);

		@Override
		public String type() {
			return TYPE;
		}

		@Override
		public void handle(ClientMessage message) {
			try {
				begin().await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		private synchronized CountDownLatch begin() {
			this.calls++;
			return this.released;
		}

		synchronized int calls() {
			return this.calls;
		}

		synchronized void release() {
			this.calls = 0;
			this.released.countDown();
			this.released = new CountDownLatch(1);
		}

	}

	/**
	 * Configuration with the handler.
	 */
	@Configuration(proxyBeanMethods = false)
	class StuckHandler {

		@Bean
		Stuck stuck() {
			return new Stuck();
		}

	}

}
