package com.example.chat;

import dev.resumablews.testing.Nginx;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests the packaged sample in Chromium behind nginx. Skipped if nginx is not installed.
 */
class BehindNginxIT extends PageScenario {

	private static final String MISSING = "nginx is not installed";

	private Nginx nginx;

	@BeforeEach
	void startNginx() {
		if (!Nginx.isInstalled()) {
			System.out.println("SKIPPED: the tests in Chromium behind nginx, because " + MISSING);
		}
		assumeTrue(Nginx.isInstalled(), MISSING);
		this.nginx = Nginx.start(cluster.node(0).port());
	}

	@AfterEach
	void stopNginx() {
		if (this.nginx != null) {
			this.nginx.close();
		}
	}

	@Test
	void aChatWorksOverServerSentEventsWithTheDefaultsOfNginx() {
		assertChatWorks(this.nginx.port(), "Connected by server-sent events");
	}

	@Test
	void aChatWorksOverAWebSocketWithUpgradeHeaders() {
		assertChatWorks(this.nginx.upgradingPort(), "Connected");
	}

	/**
	 * Verifies that an answer is streamed, and is complete after a cut and a reload.
	 */
	private void assertChatWorks(int port, String state) {
		ChatPage page = open("http://localhost:" + port + "/");
		assertThat(page.find("#state").innerText()).isEqualTo(state);
		page.say("Are you behind nginx?");
		this.gate.release(20);
		page.awaitAnswer(words(0, 20));
		page.click("#cut");
		page.awaitReconnects(1);
		this.gate.release(20);
		page.awaitAnswer(words(0, 40));
		int reconnects = page.reconnects();
		page.reload();
		page.awaitAnswer(words(0, 40));
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertShowsLog(page);
		assertThat(page.messages()).hasSize(2);
		assertThat(page.find("#state").innerText()).isEqualTo(state);
		System.out.printf("Chromium: behind nginx, %s: %d reconnects%n", state, reconnects + page.reconnects());
	}

}
