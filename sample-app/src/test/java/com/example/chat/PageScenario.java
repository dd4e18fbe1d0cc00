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
 * Base class of tests of the packaged sample in Chromium whose model streams words as a
 * test releases them.
 */
abstract class PageScenario extends SampleInChromium {

	static final int WORDS = 60;

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	static final String SIGN_IN = "**/api/sign-in";

	@BeforeEach
	@Override
	void openBrowser() {
		assumeTrue(Chromium.isInstalled(), Chromium.MISSING);
		cluster.node(0);
		// a reply that is left over from an earlier test would consume words of this one
		await().atMost(TIMEOUT).until(() -> cluster.openReplies() == 0);
		cluster.model().answer((exchange) -> answer().pacedBy(this.gate));
		super.openBrowser();
	}

	ChatPage open(String path) {
		return ChatPage.open(this.browser, path);
	}

	/**
	 * Cuts the user's connections, and blocks sign-in until {@link #reconnect} is called.
	 */
	void disconnect(ChatPage page) {
		blockSignIn();
		cut();
		page.awaitState("waiting");
	}

	static void assertShowsLog(ChatPage page) {
		assertShowsLog(page, cluster);
	}

	/**
	 * Verifies that the page shows the messages in the log, and each of the user's
	 * messages once.
	 */
	static void assertShowsLog(ChatPage page, SampleCluster cluster) {
		List<ChatPage.Message> log = new LoggedConversation(cluster.log(page.sessionId())).messages();
		assertThat(log).isNotEmpty();
		assertThat(page.messages()).isEqualTo(log)
			.filteredOn((message) -> message.role().equals("user"))
			.doesNotHaveDuplicates();
	}

	void blockSignIn() {
		this.browser.route(SIGN_IN, (route) -> route.abort());
	}

	void reconnect(ChatPage page) {
		allowSignIn();
		// the button is hidden while the page is connecting
		page.find("#reconnect").evaluate("(button) => button.click()");
		page.awaitConnected();
	}

	void allowSignIn() {
		this.browser.unroute(SIGN_IN);
	}

	/**
	 * Resets the user's TCP connections without using the page.
	 */
	void cut() {
		assertThat(this.browser.request()
			.post(address + "/api/break-things/connection",
					RequestOptions.create().setHeader("Content-Type", "application/json"))
			.ok()).isTrue();
	}

	/**
	 * Makes the model stream words, each of which becomes an event in the session's log.
	 */
	void streamWords(ChatPage page, String sessionId, int words) {
		for (int i = 0; i < words; i++) {
			int events = cluster.log(sessionId).size();
			this.gate.release(1);
			page.tab().waitForCondition(() -> cluster.log(sessionId).size() > events);
		}
	}

	/**
	 * Returns the user's messages in a session, from the log.
	 */
	List<String> userMessages(String sessionId) {
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
