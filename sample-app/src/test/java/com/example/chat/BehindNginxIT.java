package com.example.chat;

import dev.resumablews.testing.Nginx;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The packaged sample in Chromium, behind nginx. Skipped where there is no nginx.
 */
class BehindNginxIT extends PageScenario {

	private static final String MISSING = "nginx is not installed";

	private Nginx nginx;

	@BeforeEach
	void startNginx() {
		if (!Nginx.isInstalled()) {
			System.out.println("SKIPPED: no page is opened behind nginx, because " + MISSING);
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
	void withItsDefaultsAChatWorksOverServerSentEvents() {
		assertChatWorks(this.nginx.port(), "Connected by server-sent events");
	}

	@Test
	void withTheHeadersOfAnUpgradeAChatWorksOverAWebSocket() {
		assertChatWorks(this.nginx.upgradingPort(), "Connected");
	}

	/**
	 * An answer is shown while it is written, and is whole although the connection was
	 * cut and the page loaded again.
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
		assertThat(page.said()).hasSize(2);
		assertThat(page.find("#state").innerText()).isEqualTo(state);
		System.out.printf("Chromium: behind nginx, %s: %d reconnects%n", state, reconnects + page.reconnects());
	}

}
