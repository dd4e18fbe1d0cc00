package com.example.chat;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests that only browsers on this machine may break things, whatever the headers of a
 * request contain.
 */
class ThisMachineTests {

	private static final String JSON = "Content-Type: application/json";

	private static final String PERMISSION = "GET /api/break-things";

	@TempDir
	Path folder;

	@ParameterizedTest
	@ValueSource(strings = { "none", "framework", "native" })
	void addressesInHeadersAreNotTrusted(String strategy) throws Exception {
		try (RunningSample sample = RunningSample.start(this.folder, "--server.forward-headers-strategy=" + strategy)) {
			int port = sample.port();
			assertThat(HttpExchange.send(port, PERMISSION).response())
				.contains("\"allowed\":" + strategy.equals("none"));
			for (String header : new String[] { "X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 127.0.0.1, 203.0.113.9",
					"Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1", "Via: 1.1 proxy", "X-Forwarded-Proto: http" }) {
				HttpExchange exchange = HttpExchange.send(port, PERMISSION, header);

				assertThat(exchange.status()).isEqualTo(200);
				assertThat(exchange.response()).as(header).contains("\"allowed\":false");
			}
		}
	}

	@Test
	void aPhoneInTheNetworkCanChatAndNotBreakThings() throws Exception {
		Optional<InetAddress> address = addressInTheNetwork();
		assumeThat(address).isPresent();
		try (RunningSample sample = RunningSample.start(this.folder, "--spring.profiles.active=lan")) {
			InetSocketAddress server = new InetSocketAddress(address.get(), sample.port());
			String host = "Host: " + address.get().getHostAddress() + ":" + server.getPort();

			assertThat(HttpExchange.send(server, "GET /", "", host).status()).isEqualTo(200);
			assertThat(HttpExchange.send(server, "GET /", "", "Host: evil.example").status()).isEqualTo(421);
			assertThat(HttpExchange.send(server, PERMISSION, "", host).response()).contains("\"allowed\":false");
			assertThat(HttpExchange.send(sample.port(), PERMISSION).response()).contains("\"allowed\":true");
			// the link on localhost has the address that the phone can reach
			assertThat(HttpExchange.send(sample.port(), "POST /api/device-codes", JSON, signIn(sample)).response())
				.contains("{\"address\":\"http://" + address.get().getHostAddress() + ":" + server.getPort()
						+ "\",\"network\":true,");
		}
	}

	@Test
	void linksHaveOnlyAddressesThatTheServerListensOn() throws Exception {
		try (RunningSample sample = RunningSample.start(this.folder, "--server.address=127.0.0.1")) {
			HttpExchange links = HttpExchange.send(sample.port(), "POST /api/device-codes", JSON, signIn(sample));

			assertThat(links.response()).contains("Cache-Control: no-store")
				.contains("\"links\":[{\"address\":\"http://localhost:" + sample.port() + "\",\"network\":false,")
				.doesNotContain("\"network\":true");
		}
	}

	private static String signIn(RunningSample sample) throws IOException {
		return HttpExchange.send(sample.port(), "POST /api/sign-in", JSON).cookies();
	}

	/**
	 * Returns an address at which other machines in the network reach this one.
	 */
	static Optional<InetAddress> addressInTheNetwork() throws SocketException {
		return NetworkInterface.networkInterfaces()
			.flatMap(NetworkInterface::inetAddresses)
			.filter((address) -> address instanceof Inet4Address && !address.isLoopbackAddress())
			.findFirst();
	}

}
