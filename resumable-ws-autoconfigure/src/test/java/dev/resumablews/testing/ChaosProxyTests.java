package dev.resumablews.testing;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ChaosProxy}.
 */
class ChaosProxyTests {

	private ServerSocket server;

	private ChaosProxy proxy;

	@BeforeEach
	void start() throws IOException {
		this.server = echo("");
		this.proxy = ChaosProxy.to(this.server.getLocalPort());
	}

	@AfterEach
	void stop() throws IOException {
		this.proxy.close();
		this.server.close();
	}

	@Test
	void bytesAndTheEndOfAStreamAreForwarded() throws IOException {
		try (Socket socket = connect()) {
			assertThat(sendAndReceive(socket, "hello")).isEqualTo("hello");
			socket.shutdownOutput();
			assertThat(socket.getInputStream().read()).isEqualTo(-1);
			await().untilAsserted(() -> assertThat(this.proxy.openConnections()).isZero());
			assertThat(this.proxy.connections()).isOne();
			assertThat(this.proxy.cuts()).isZero();
			assertThat(this.proxy.bytesToClients()).isEqualTo(5);
		}
	}

	@Test
	void cutAllResetsAllConnections() throws IOException {
		try (Socket first = connect(); Socket second = connect()) {
			sendAndReceive(first, "hello");
			sendAndReceive(second, "hello");
			assertThat(this.proxy.cutAll()).isEqualTo(2);
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> first.getInputStream().read());
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> second.getInputStream().read());
			assertThat(this.proxy.cuts()).isEqualTo(2);
		}
	}

	@Test
	void aConnectionIsCutAfterARandomNumberOfBytes() throws IOException {
		this.proxy.cutRandomly(new Random(1), 10, 20);
		try (Socket socket = connect()) {
			socket.getOutputStream().write(new byte[1000]);
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> socket.getInputStream().readAllBytes());
		}
		assertThat(this.proxy.bytesToClients()).isBetween(10L, 20L);
		assertThat(this.proxy.cuts()).isOne();
		this.proxy.stopCutting();
		try (Socket socket = connect()) {
			assertThat(sendAndReceive(socket, "x".repeat(1000))).hasSize(1000);
		}
	}

	@Test
	void aStallHoldsBytesOfOldAndNewConnectionsUntilItIsResumed() throws IOException {
		try (Socket socket = connect()) {
			assertThat(sendAndReceive(socket, "hello")).isEqualTo("hello");
			this.proxy.stall();
			socket.getOutputStream().write("held".getBytes(StandardCharsets.UTF_8));
			try (Socket late = connect()) {
				late.getOutputStream().write("late".getBytes(StandardCharsets.UTF_8));
				assertSilent(socket);
				assertSilent(late);
				this.proxy.resume();
				assertThat(receive(socket, 4)).isEqualTo("held");
				assertThat(receive(late, 4)).isEqualTo("late");
			}
		}
	}

	@Test
	void aStalledConnectionCanBeCut() throws IOException {
		try (Socket socket = connect()) {
			assertThat(sendAndReceive(socket, "hello")).isEqualTo("hello");
			this.proxy.stall();
			socket.getOutputStream().write(1);
			assertThat(this.proxy.cutAll()).isOne();
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> socket.getInputStream().read());
		}
	}

	@Test
	void bytesAreDelayed() throws IOException {
		try (Socket socket = connect()) {
			assertThat(sendAndReceive(socket, "hello")).isEqualTo("hello");
			this.proxy.delay(Duration.ofMillis(100));
			long start = System.nanoTime();
			assertThat(sendAndReceive(socket, "slow")).isEqualTo("slow");
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(190));
		}
	}

	@Test
	void connectionsAreRefusedUntilTheyAreAcceptedAgain() throws IOException {
		this.proxy.refuse();
		try (Socket socket = connect()) {
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> socket.getInputStream().read());
		}
		this.proxy.acceptAgain();
		try (Socket socket = connect()) {
			assertThat(sendAndReceive(socket, "hello")).isEqualTo("hello");
		}
		assertThat(this.proxy.refusals()).isOne();
	}

	@Test
	void newConnectionsAreForwardedToTheNewPort() throws IOException {
		try (ServerSocket other = echo("other "); Socket before = connect()) {
			sendAndReceive(before, "hello");
			this.server.close();
			this.proxy.retarget(other.getLocalPort());
			try (Socket after = connect()) {
				after.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
				assertThat(receive(after, 11)).isEqualTo("other hello");
			}
		}
	}

	private Socket connect() throws IOException {
		Socket socket = new Socket(InetAddress.getLoopbackAddress(), this.proxy.port());
		socket.setSoTimeout(10_000);
		return socket;
	}

	private static String sendAndReceive(Socket socket, String text) throws IOException {
		socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
		return receive(socket, text.length());
	}

	private static String receive(Socket socket, int count) throws IOException {
		return new String(socket.getInputStream().readNBytes(count), StandardCharsets.UTF_8);
	}

	private static void assertSilent(Socket socket) throws IOException {
		socket.setSoTimeout(100);
		assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> socket.getInputStream().read());
		socket.setSoTimeout(10_000);
	}

	private static ServerSocket echo(String greeting) throws IOException {
		ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		daemon(() -> {
			while (!server.isClosed()) {
				Socket socket = server.accept();
				daemon(() -> {
					try (socket) {
						socket.getOutputStream().write(greeting.getBytes(StandardCharsets.UTF_8));
						InputStream in = socket.getInputStream();
						in.transferTo(socket.getOutputStream());
					}
				});
			}
		});
		return server;
	}

	private static void daemon(Task task) {
		Thread thread = new Thread(() -> {
			try {
				task.run();
			}
			catch (IOException ex) {
				// the test has ended or reset the connection
			}
		}, "echo");
		thread.setDaemon(true);
		thread.start();
	}

	private interface Task {

		void run() throws IOException;

	}

}
