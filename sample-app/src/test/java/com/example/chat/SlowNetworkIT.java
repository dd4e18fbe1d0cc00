package com.example.chat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.List;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests pages that connect to the server over the slow network.
 */
class SlowNetworkIT extends PageScenario {

	@Test
	void aSlowPageRemainsSlowAfterTheServerWasKilledAndRestarted() throws Exception {
		ChatPage page = openSlowly();
		int slowPort = port(page);
		cluster.node(0).kill();
		page.awaitState("waiting");
		cluster.node(0);
		page.awaitReconnects(2);

		assertThat(port(page)).isEqualTo(slowPort);
		assertThat(page.find("#slow").getAttribute("aria-pressed")).isEqualTo("true");
		assertAnswers(page);
	}

	@Test
	void aSlowPageBecomesFastIfItsSlowPortIsInUse() throws Exception {
		ChatPage page = openSlowly();
		int slowPort = port(page);
		cluster.node(0).kill();
		page.awaitState("waiting");
		ServerSocket other = new ServerSocket(slowPort, 1, InetAddress.getLoopbackAddress());
		try {
			cluster.node(0);
			page.awaitReconnects(2);

			assertThat(port(page)).isEqualTo(URI.create(page.tab().url()).getPort());
			assertThat(page.find("#slow").isVisible()).isFalse();
			assertAnswers(page);
		}
		finally {
			other.close();
			cluster.node(0).kill();
		}
	}

	@Test
	void aSlowPageCanRequestWhyItsWebSocketsAreRejected() {
		ChatPage page = openSlowly();
		Object answered = page.tab()
			.evaluate(
					"(port) => fetch(`http://localhost:${port}/ws`, { mode: 'no-cors' }).then(() => true, () => false)",
					port(page));

		assertThat(answered).isEqualTo(true);
		assertThat(page.errors()).isEmpty();
		assertThat(page.violations()).asInstanceOf(InstanceOfAssertFactories.LIST).isEmpty();
	}

	private ChatPage openSlowly() {
		ChatPage page = open("/");
		page.click("#slow");
		page.awaitReconnects(1);
		assertThat(port(page)).isNotEqualTo(URI.create(page.tab().url()).getPort());
		return page;
	}

	private void assertAnswers(ChatPage page) {
		this.gate.open();
		page.say("Are you there?");
		page.awaitAnswers(1, "done");
		assertThat(page.violations()).asInstanceOf(InstanceOfAssertFactories.LIST).isEmpty();
	}

	private static int port(ChatPage page) {
		List<String> webSockets = page.webSockets();
		return URI.create(webSockets.get(webSockets.size() - 1)).getPort();
	}

}
