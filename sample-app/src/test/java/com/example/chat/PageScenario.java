package com.example.chat;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import com.microsoft.playwright.options.RequestOptions;
import dev.resumablews.testing.OpenAiAnswer;
import org.junit.jupiter.api.BeforeEach;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The packaged sample in Chromium, with a model whose words come when a test says so. For
 * tests to extend; skipped where there is no Chromium.
 */
abstract class PageScenario extends SampleInChromium {

	static final int WORDS = 60;

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	static final String SIGN_IN = "**/api/sign-in";

	@BeforeEach
	@Override
	void openBrowser() {
		assumeTrue(Chromium.isInstalled(), Chromium.MISSING);
		cluster.node(0);
		// a reply that an earlier test has left, and a node has taken over, would take
		// words of this one
		await().atMost(PATIENCE).until(() -> cluster.openReplies() == 0);
		cluster.model().answer((exchange) -> answer().pacedBy(this.gate));
		super.openBrowser();
	}

	ChatPage open(String path) {
		return ChatPage.open(this.browser, path);
	}

	/**
	 * Cuts the connections of the user, and lets no page sign in until {@link #reconnect}
	 * is called.
	 */
	void disconnect(ChatPage page) {
		refuseSignIn();
		cut();
		page.awaitState("waiting");
	}

	static void assertShowsLog(ChatPage page) {
		assertShowsLog(page, cluster);
	}

	/**
	 * The page shows what is in the log, and each of the user's messages once.
	 */
	static void assertShowsLog(ChatPage page, SampleCluster cluster) {
		List<ChatPage.Said> log = new LoggedConversation(cluster.log(page.sessionId())).said();
		assertThat(log).isNotEmpty();
		assertThat(page.said()).isEqualTo(log).filteredOn((said) -> said.role().equals("user")).doesNotHaveDuplicates();
	}

	void refuseSignIn() {
		this.browser.route(SIGN_IN, (route) -> route.abort());
	}

	void reconnect(ChatPage page) {
		allowSignIn();
		// hidden while the page tries by itself
		page.find("#reconnect").evaluate("(button) => button.click()");
		page.awaitConnected();
	}

	void allowSignIn() {
		this.browser.unroute(SIGN_IN);
	}

	/**
	 * Resets the user's TCP connections, past the page.
	 */
	void cut() {
		assertThat(this.browser.request()
			.post(address + "/api/break-things/connection",
					RequestOptions.create().setHeader("Content-Type", "application/json"))
			.ok()).isTrue();
	}

	/**
	 * Lets the model say words, each of which becomes an event in the session's log.
	 */
	void write(ChatPage page, String sessionId, int words) {
		for (int i = 0; i < words; i++) {
			int events = cluster.log(sessionId).size();
			this.gate.release(1);
			page.tab().waitForCondition(() -> cluster.log(sessionId).size() > events);
		}
	}

	/**
	 * Returns what the user has said in a session, from the log.
	 */
	List<String> saidIn(String sessionId) {
		return cluster.log(sessionId)
			.stream()
			.filter((event) -> event.path("type").asString("").equals("user_message"))
			.map((event) -> content(event))
			.toList();
	}

	private static String content(JsonNode event) {
		return event.path("payload").path("content").asString("");
	}

	static OpenAiAnswer answer() {
		return OpenAiAnswer.of(IntStream.range(0, WORDS).mapToObj((i) -> ((i > 0) ? " " : "") + "word" + i).toList());
	}

	static String words(int from, int to) {
		return String.join("", answer().pieces().subList(from, to)).strip();
	}

}
