package dev.resumablews.internal.connection;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.sql.DataSource;

import dev.resumablews.internal.admission.Connections;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.UpgradeRejectedException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.Test;

import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that connected clients are served while a node is busy, because Postgres is slow
 * or the application occupies the threads of the web server.
 */
class BusyNodeTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final Duration BUSY = Duration.ofSeconds(5);

	private static final int THREADS = 10;

	@Test
	void connectedClientsAreServedWhileSessionsCannotBeOpened() throws SQLException {
		try (TestServer server = server("1000"); RawWebSocketClient connected = connect(server)) {
			connected.await("replay_complete");
			List<RawWebSocketClient> coming = new ArrayList<>();
			try (Connection database = server.bean(DataSource.class).getConnection()) {
				lockSessions(database);
				for (int i = 0; i < THREADS + 5; i++) {
					coming.add(connect(server));
					coming.get(i).send("{\"type\":\"ping\",\"t\":" + i + "}");
				}
				long begin = System.nanoTime();
				await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).until(() -> {
					connected.send("{\"type\":\"ping\",\"t\":1}");
					connected.await("pong");
					return System.nanoTime() - begin > BUSY.toNanos();
				});
				database.rollback();
			}
			assertThat(connected.isOpen()).isTrue();
			for (int i = 0; i < coming.size(); i++) {
				RawWebSocketClient client = coming.get(i);
				assertThat(client.next().path("type").asString()).isEqualTo("session_init");
				assertThat(client.await("pong").path("t").asInt(-1)).isEqualTo(i);
				client.await("replay_complete");
			}
			assertThat(connected.isOpen()).isTrue();
			coming.forEach(RawWebSocketClient::close);
		}
	}

	@Test
	void clientsAreRejectedWhileTooManySessionsWaitToBeOpened() throws SQLException {
		try (TestServer server = server("2")) {
			List<RawWebSocketClient> waiting = new ArrayList<>();
			UpgradeRejectedException refused = null;
			try (Connection database = server.bean(DataSource.class).getConnection()) {
				lockSessions(database);
				for (int i = 0; i < THREADS && refused == null; i++) {
					try {
						waiting.add(connect(server));
						// the session waits to be opened once the upgrade is complete
						await().atMost(PATIENCE)
							.until(() -> server.bean(Connections.class).all().size() == waiting.size());
					}
					catch (UpgradeRejectedException ex) {
						refused = ex;
					}
				}
				database.rollback();
			}
			assertThat(refused).isNotNull();
			assertThat(refused.status()).isEqualTo(503);
			assertThat(Integer.parseInt(refused.headers().get("Retry-After").get(0))).isPositive();
			assertThat(waiting).hasSizeLessThan(THREADS);
			waiting.forEach((client) -> client.await("replay_complete"));
			waiting.forEach(RawWebSocketClient::close);
		}
	}

	@Test
	void silentClientsAreNotClosedWhileAllThreadsOfTheWebServerAreBusy() throws InterruptedException {
		ExecutorService threads = Executors.newCachedThreadPool();
		try (TestServer server = server("1000"); RawWebSocketClient connected = connect(server)) {
			connected.await("replay_complete");
			Slow slow = server.bean(Slow.class);
			for (int i = 0; i < 2 * THREADS; i++) {
				threads.execute(() -> get(server));
			}
			await().atMost(PATIENCE).until(() -> slow.running.get() == THREADS);
			// longer than the heartbeat timeout
			assertThat(connected.isOpen()).isTrue();
			long begin = System.nanoTime();
			await().atMost(PATIENCE).until(() -> System.nanoTime() - begin > BUSY.toNanos());
			slow.end.countDown();
			connected.send("{\"type\":\"ping\",\"t\":1}");
			connected.await("pong");
			assertThat(connected.isOpen()).isTrue();
		}
		finally {
			threads.shutdownNow();
			threads.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS);
		}
	}

	private static void get(TestServer server) {
		try (java.net.Socket socket = new java.net.Socket("localhost", server.port())) {
			socket.getOutputStream()
				.write("GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes());
			socket.getInputStream().readAllBytes();
		}
		catch (java.io.IOException ex) {
			// the server has stopped
		}
	}

	private static void lockSessions(Connection database) throws SQLException {
		database.setAutoCommit(false);
		database.createStatement().execute("lock table ws_sessions, ws_empty_sessions in access exclusive mode");
	}

	private static TestServer server(String maxOpening) {
		return TestServer.builder()
			.with(Slow.class)
			.properties("server.tomcat.threads.max", String.valueOf(THREADS), "resumable-ws.connection.max-opening",
					maxOpening, "resumable-ws.connection.heartbeat-interval", "500ms",
					"resumable-ws.connection.heartbeat-timeout", "2s", "resumable-ws.connection.send-timeout", "60s")
			.start();
	}

	private static RawWebSocketClient connect(TestServer server) {
		return RawWebSocketClient.to(server.uri()).query("token", Tokens.forUser("ada")).timeout(PATIENCE).connect();
	}

	/**
	 * A page of the application that responds when the test releases it.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Slow {

		private final CountDownLatch end = new CountDownLatch(1);

		private final AtomicInteger running = new AtomicInteger();

		@Bean
		ServletRegistrationBean<HttpServlet> slowServlet() {
			return new ServletRegistrationBean<>(new HttpServlet() {

				@Override
				protected void doGet(HttpServletRequest request, HttpServletResponse response) {
					Slow.this.running.incrementAndGet();
					try {
						Slow.this.end.await();
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
				}

			}, "/slow");
		}

	}

}
