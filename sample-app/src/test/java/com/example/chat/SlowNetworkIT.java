package com.example.chat;

import java.net.URI;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The slow way to the server.
 */
class SlowNetworkIT extends PageScenario {

	@Test
	void aSlowPageFindsItsWayToAServerThatWasStartedAgain() throws Exception {
		ChatPage page = open("/");
		page.click("#slow");
		page.awaitReconnects(1);
		int formerSlowPort = port(page);

		cluster().node(0).kill();
		page.awaitState("waiting");
		cluster().node(0);
		page.awaitReconnects(2);

		assertThat(port(page)).isNotIn(formerSlowPort, URI.create(page.tab().url()).getPort());
		this.gate.open();
		page.say("Slowly, please");
		page.awaitAnswers(1, "done");
		assertThat(page.find("#slow").getAttribute("aria-pressed")).isEqualTo("true");
	}

	private static int port(ChatPage page) {
		List<String> webSockets = page.webSockets();
		return URI.create(webSockets.get(webSockets.size() - 1)).getPort();
	}

}
