package com.example.chat;

import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The packaged sample in Chromium, behind nginx. Skipped where there is no nginx.
 */
class BehindNginxIT extends PageScenario {

	@TempDir
	private Path folder;

	@BeforeEach
	void needsNginx() {
		if (!Nginx.isInstalled()) {
			System.out.println("SKIPPED: no test behind nginx is run. " + Nginx.MISSING);
		}
		assumeTrue(Nginx.isInstalled(), Nginx.MISSING);
	}

	@Test
	void withItsDefaultsAChatWorksOverServerSentEvents() {
		try (Nginx nginx = Nginx.start(this.folder, cluster.node(0).port())) {
			assertChatWorks(nginx, "Connected by server-sent events");
		}
	}

	@Test
	void withTheHeadersOfAnUpgradeAChatWorksOverAWebSocket() {
		try (Nginx nginx = Nginx.start(this.folder, cluster.node(0).port(), "proxy_http_version 1.1;",
				"proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection \"upgrade\";")) {
			assertChatWorks(nginx, "Connected");
		}
	}

	/**
	 * An answer is shown while it is written, and is whole although the connection was
	 * cut and the page loaded again.
	 */
	private void assertChatWorks(Nginx nginx, String state) {
		ChatPage page = open("http://localhost:" + nginx.port() + "/");
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

		List<ChatPage.Said> log = new LoggedConversation(cluster.log(page.sessionId())).said();
		assertThat(log).hasSize(2);
		assertThat(page.said()).isEqualTo(log);
		assertThat(page.find("#state").innerText()).isEqualTo(state);
		System.out.printf("Chromium: behind nginx, %s: %d reconnects%n", state, reconnects + page.reconnects());
	}

}
