package com.example.chat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import dev.resumablews.testing.ChaosProxy;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the packaged sample in a browser whose network blocks WebSockets.
 */
class BlockedWebSocketsIT extends PageScenario {

	private static final String FALLBACK = "/resumable-ws/http.js";

	private CorporateProxy proxy;

	/**
	 * Network between the browser and the proxy.
	 */
	private ChaosProxy network;

	@BeforeEach
	void startProxies() {
		this.proxy = CorporateProxy.to(cluster.node(0).port());
		this.network = ChaosProxy.to(this.proxy.port());
	}

	@AfterEach
	void stopProxies() throws IOException {
		if (this.network != null) {
			this.network.close();
			this.proxy.close();
		}
	}

	@Test
	void aChatWorksOverServerSentEvents() {
		ChatPage page = open(blockedAddress());
		page.find("#state:has-text('Connected by server-sent events')").waitFor();
		assertThat(this.proxy.rejectedUpgrades()).isEqualTo(2);

		assertSurvivesBreaks(page, "upgrades blocked, server-sent events");
		assertThat(this.proxy.rejectedUpgrades()).as("the working transport is remembered").isEqualTo(2);
	}

	@Test
	void aChatWorksOverLongPollingIfTheProxyBuffersStreams() {
		this.proxy.bufferResponses();
		ChatPage page = open(blockedAddress());
		page.find("#state:has-text('Connected by long polling')").waitFor();

		assertSurvivesBreaks(page, "upgrades blocked and streams buffered, long polling");
	}

	@Test
	void aPageRetriesWebSocketsAfterAnHour() {
		ChatPage page = open(blockedAddress());
		page.say("First");
		this.gate.release(20);
		page.awaitAnswer(words(0, 20));
		this.proxy.allowUpgrades();
		page.tab().evaluate("""
				() => {
					const now = Date.now;
					Date.now = () => now() + 3_600_000;
				}""");
		this.network.cutAll();
		page.awaitReconnects(1);
		page.tab().waitForFunction("() => document.querySelector('#state').textContent.trim() === 'Connected'");
		this.gate.open();
		page.awaitAnswers(1, "done");
		page.say("Second");
		page.awaitAnswers(2, "done");

		assertShowsLog(page);
		report("upgrades blocked, then allowed", page.reconnects());
		page.reload();
		assertThat(page.find("#state").innerText()).isEqualTo("Connected");
	}

	@Test
	void aPageThatCanUseWebSocketsDoesNotLoadTheFallback() {
		ChatPage page = ChatPage.blank(this.browser);
		List<String> requests = new ArrayList<>();
		page.tab().onRequest((request) -> requests.add(request.url()));
		page.tab().navigate("/");
		page.awaitConnected();
		cut();
		page.awaitReconnects(1);

		assertThat(page.find("#state").innerText()).isEqualTo("Connected");
		assertThat(requests).anyMatch((url) -> url.endsWith("/resumable-ws/client.js"))
			.noneMatch((url) -> url.endsWith(FALLBACK));
	}

	/**
	 * Verifies that a chat survives breaks of the network, in the middle of an answer and
	 * while a message is sent, and a reload.
	 */
	private void assertSurvivesBreaks(ChatPage page, String scenario) {
		page.say("First");
		this.gate.release(20);
		page.awaitAnswer(words(0, 20));
		this.network.cutAll();
		this.gate.release(20);
		page.awaitReconnects(1);
		page.awaitAnswer(words(0, 40));
		this.network.refuse();
		this.network.cutAll();
		page.awaitState("waiting");
		page.say("Second");
		this.gate.open();
		this.network.acceptAgain();
		page.awaitAnswers(2, "done");
		assertShowsLog(page);
		int reconnects = page.reconnects();
		assertThat(reconnects).isGreaterThanOrEqualTo(2);
		page.reload();
		page.awaitAnswers(2, "done");

		assertShowsLog(page);
		assertThat(page.violations()).asInstanceOf(InstanceOfAssertFactories.LIST).isEmpty();
		assertThat(page.errors()).allMatch((error) -> error.matches(BrowserIT.NETWORK_ERROR));
		report(scenario, reconnects + page.reconnects());
	}

	private String blockedAddress() {
		return "http://localhost:" + this.network.port() + "/";
	}

	private static void report(String scenario, int reconnects) {
		System.out.printf("Chromium: %s: %d reconnects%n", scenario, reconnects);
	}

}
