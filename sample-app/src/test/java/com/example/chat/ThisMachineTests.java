package com.example.chat;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.Optional;

import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Who may break things: nobody but browsers on this machine, whatever a request says.
 */
class ThisMachineTests {

	private static final String JSON = "Content-Type: application/json";

	private static final String PERMISSION = "GET /api/break-things";

	@TempDir
	Path folder;

	@ParameterizedTest
	@ValueSource(strings = { "none", "framework", "native" })
	void anAddressThatAHeaderNamesIsNotBelieved(String strategy) throws Exception {
		try (ConfigurableApplicationContext application = start("--server.forward-headers-strategy=" + strategy)) {
			int port = port(application);
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
	void aPhoneInTheNetworkChatsAndBreaksNothing() throws Exception {
		Optional<InetAddress> address = addressInTheNetwork();
		assumeThat(address).isPresent();
		try (ConfigurableApplicationContext application = start("--spring.profiles.active=lan")) {
			InetSocketAddress server = new InetSocketAddress(address.get(), port(application));
			String host = "Host: " + address.get().getHostAddress() + ":" + server.getPort();

			assertThat(HttpExchange.send(server, "GET /", "", host).status()).isEqualTo(200);
			assertThat(HttpExchange.send(server, "GET /", "", "Host: evil.example").status()).isEqualTo(421);
			assertThat(HttpExchange.send(server, PERMISSION, "", host).response()).contains("\"allowed\":false");
			assertThat(HttpExchange.send(port(application), PERMISSION).response()).contains("\"allowed\":true");
			// the page at localhost names the address that the phone reaches
			assertThat(HttpExchange.send(port(application), "POST /api/device-codes", JSON, signIn(application))
				.response())
				.contains("{\"address\":\"http://" + address.get().getHostAddress() + ":" + server.getPort()
						+ "\",\"network\":true,");
		}
	}

	@Test
	void noAddressInTheNetworkIsNamedThatIsNotListenedOn() throws Exception {
		try (ConfigurableApplicationContext application = start("--server.address=127.0.0.1")) {
			HttpExchange links = HttpExchange.send(port(application), "POST /api/device-codes", JSON,
					signIn(application));

			assertThat(links.response()).contains("Cache-Control: no-store")
				.contains("\"links\":[{\"address\":\"http://localhost:" + port(application) + "\",\"network\":false,")
				.doesNotContain("\"network\":true");
		}
	}

	private static String signIn(ConfigurableApplicationContext application) throws IOException {
		return HttpExchange.send(port(application), "POST /api/sign-in", JSON).cookies();
	}

	/**
	 * Returns an address by which others in the network reach this machine.
	 */
	static Optional<InetAddress> addressInTheNetwork() throws SocketException {
		return NetworkInterface.networkInterfaces()
			.flatMap(NetworkInterface::inetAddresses)
			.filter((address) -> address instanceof Inet4Address && !address.isLoopbackAddress())
			.findFirst();
	}

	private ConfigurableApplicationContext start(String argument) {
		return SpringApplication.run(ChatApplication.class, "--server.port=0", "--chat.data-dir=" + this.folder,
				argument, "--spring.datasource.url=" + TestPostgres.createDatabase(),
				"--resumable-ws.auth.jwt.secret=" + Tokens.SECRET, "--spring.ai.openai.api-key=", "--OPENAI_API_KEY=",
				"--spring.ai.openai.base-url=", "--OPENAI_BASE_URL=");
	}

	private static int port(ConfigurableApplicationContext application) {
		return ((WebServerApplicationContext) application).getWebServer().getPort();
	}

}
