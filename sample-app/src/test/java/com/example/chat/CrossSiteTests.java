package com.example.chat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Optional;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests that web pages of other sites can neither act as the user of the sample nor reach
 * the machine it runs on.
 */
class CrossSiteTests {

	private static final String JSON = "Content-Type: application/json";

	private static final String FORM = "Content-Type: application/x-www-form-urlencoded";

	private static final String SAME_ORIGIN = "Sec-Fetch-Site: same-origin";

	private static RunningSample sample;

	private static int port;

	@BeforeAll
	static void start(@TempDir Path folder) {
		sample = RunningSample.start(folder, "--chat.allowed-hosts=chat.example, other.example");
		port = sample.port();
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@ParameterizedTest
	@ValueSource(strings = { "cross-site", "same-site", "none" })
	void aPageOfAnotherOriginCannotSignIn(String site) throws Exception {
		for (String type : new String[] { JSON, FORM, "Content-Type: text/plain" }) {
			HttpExchange exchange = HttpExchange.send(port, "POST /api/sign-in", "Sec-Fetch-Site: " + site, type);

			assertThat(exchange.status()).as(type).isEqualTo(403);
			assertThat(exchange.setsCookie()).as(type).isFalse();
		}
	}

	@Test
	void aPageOfAnotherOriginCannotSignInInAnOlderBrowser() throws Exception {
		for (String origin : new String[] { "http://evil.example", "null", "http://localhost:1",
				"https://localhost:" + port, "http://localhost" }) {
			HttpExchange exchange = HttpExchange.send(port, "POST /api/sign-in", JSON, "Origin: " + origin);

			assertThat(exchange.status()).as(origin).isEqualTo(403);
			assertThat(exchange.setsCookie()).as(origin).isFalse();
		}
		// requests that a form can send, without and with the origin of the page
		assertThat(HttpExchange.send(port, "POST /api/sign-in", FORM).status()).isEqualTo(403);
		assertThat(HttpExchange.send(port, "POST /api/sign-in").status()).isEqualTo(403);
		assertThat(HttpExchange.send(port, "POST /api/sign-in", FORM, "Origin: http://localhost:" + port).status())
			.isEqualTo(403);
	}

	@Test
	void thePageAndProgramsOtherThanBrowsersCanSignIn() throws Exception {
		assertThat(HttpExchange.send(port, "POST /api/sign-in", SAME_ORIGIN).status()).isEqualTo(200);
		assertThat(HttpExchange.send(port, "POST /api/sign-in", JSON).status()).isEqualTo(200);
		assertThat(HttpExchange.send(port, "POST /api/sign-in", JSON, "Origin: http://localhost:" + port).setsCookie())
			.isTrue();
	}

	@Test
	void onlyJsonBodiesAreAccepted() throws Exception {
		InetSocketAddress server = new InetSocketAddress("127.0.0.1", port);

		assertThat(HttpExchange.send(server, "POST /api/sign-in", "a=b", SAME_ORIGIN, FORM).status()).isEqualTo(403);
		assertThat(HttpExchange.send(server, "POST /api/sign-in", "a=b", SAME_ORIGIN).status()).isEqualTo(403);
		assertThat(HttpExchange.send(server, "POST /api/sign-in", "{}", SAME_ORIGIN, JSON).status()).isEqualTo(200);
	}

	@Test
	void aPageOnAnotherPortOfTheSameHostIsRejected() throws Exception {
		String cookies = HttpExchange.send(port, "POST /api/sign-in", SAME_ORIGIN).cookies();
		for (String request : new String[] { "POST /api/sign-in", "POST /api/sign-out", "POST /api/device-codes",
				"POST /api/join", "POST /api/go-back", "POST /api/break-things/connection",
				"POST /api/break-things/token", "POST /api/break-things/server",
				"DELETE /api/conversations/7b0f2c9e-0000-4000-8000-000000000001", "OPTIONS /api/sign-in" }) {
			HttpExchange exchange = HttpExchange.send(port, request, "Sec-Fetch-Site: same-site", cookies);

			assertThat(exchange.status()).as(request).isEqualTo(403);
			assertThat(exchange.setsCookie()).as(request).isFalse();
		}
		assertThat(HttpExchange.send(port, "POST /api/break-things/connection", SAME_ORIGIN, cookies).status())
			.isEqualTo(200);
	}

	@Test
	void aLinkDoesNotSignIn() throws Exception {
		for (String path : new String[] { "/", "/api/sign-in", "/api/join", "/api/conversations",
				"/api/break-things" }) {
			assertThat(HttpExchange.send(port, "GET " + path, "Sec-Fetch-Site: cross-site").setsCookie()).as(path)
				.isFalse();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example",
			"192.0.2.77", "[::2]", "" })
	void aHostNameReboundToThisMachineIsRejected(String host) throws Exception {
		String header = "Host: " + host;
		for (String request : new String[] { "GET /", "GET /api/break-things", "GET /actuator/metrics",
				"POST /api/sign-in" }) {
			HttpExchange exchange = HttpExchange.send(port, request, header, SAME_ORIGIN);

			assertThat(exchange.status()).as(request).isEqualTo(421);
			assertThat(exchange.setsCookie()).as(request).isFalse();
		}
		assertThat(handshake(header, "Origin: http://" + host).status()).isEqualTo(421);
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8080", "chat.example", "other.example:443" })
	void anAllowedHostIsServed(String host) throws Exception {
		assertThat(HttpExchange.send(port, "GET /", "Host: " + host).status()).isEqualTo(200);
		assertThat(handshake("Host: " + host, "Origin: http://" + host).status()).isEqualTo(401);
	}

	@Test
	void otherMachinesInTheNetworkCannotConnect() throws Exception {
		Optional<InetAddress> address = ThisMachineTests.addressInTheNetwork();
		assumeThat(address).isPresent();
		try (Socket socket = new Socket()) {
			assertThatExceptionOfType(ConnectException.class)
				.isThrownBy(() -> socket.connect(new InetSocketAddress(address.get(), port), 30_000));
		}
	}

	private static HttpExchange handshake(String... headers) throws IOException {
		String[] all = new String[headers.length + 4];
		System.arraycopy(headers, 0, all, 0, headers.length);
		all[headers.length] = "Connection: Upgrade";
		all[headers.length + 1] = "Upgrade: websocket";
		all[headers.length + 2] = "Sec-WebSocket-Version: 13";
		all[headers.length + 3] = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
		return HttpExchange.send(port, "GET /ws", all);
	}

}
