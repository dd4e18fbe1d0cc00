package com.example.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import com.microsoft.playwright.WebSocketFrame;
import com.microsoft.playwright.options.WaitForSelectorState;
import com.microsoft.playwright.Locator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A conversation with an upstream: its text survives what the log survives, its sound is
 * for who is there, and its secret stays on the server.
 */
class UpstreamIT extends PageScenario {

	private static final String ANSWER = ".message[data-role=assistant]";

	private static final String SOUND = ANSWER + " .sound";

	private final List<String> received = new ArrayList<>();

	private final List<String> sent = new ArrayList<>();

	@Override
	ChatPage open(String path) {
		ChatPage page = ChatPage.blank(this.browser);
		page.tab().onWebSocket((socket) -> {
			socket.onFrameReceived((frame) -> add(this.received, frame));
			socket.onFrameSent((frame) -> add(this.sent, frame));
		});
		page.tab().navigate(path);
		page.awaitConnected();
		return page;
	}

	private static void add(List<String> frames, WebSocketFrame frame) {
		if (frame.text() != null) {
			frames.add(frame.text());
		}
	}

	@AfterEach
	void noFrameHasTheSecret() throws Exception {
		if (Chromium.isInstalled()) {
			assertThat(this.received).isNotEmpty().noneMatch((frame) -> frame.contains(UPSTREAM_SECRET));
			assertThat(this.sent).noneMatch((frame) -> frame.contains(UPSTREAM_SECRET));
			assertThat(cluster.node(0).log()).doesNotContain(UPSTREAM_SECRET);
		}
	}

	@Test
	void theUpstreamAnswersAndOnlyItsTextIsStored() {
		ChatPage page = open("/");
		page.click("#upstream");
		assertThat(page.find("#upstream").getAttribute("aria-pressed")).isEqualTo("true");
		assertThat(page.find("#upstream-hint").isVisible()).isTrue();
		page.say("Hello upstream");
		page.awaitAnswers(1, "done");

		String answer = answer(page);
		assertThat(answer).startsWith("You said: “Hello upstream”").endsWith("I begin again.");
		assertThat(page.find(ANSWER + " > .tag").innerText()).isEqualTo("upstream");
		assertThat(page.find(".message[data-role=user] .tag").innerText()).isEqualTo("to the upstream");
		assertThat(page.find(".happened").allInnerTexts()).singleElement()
			.asString()
			.contains("Connected to the upstream");
		assertThat(page.find(SOUND).innerText()).matches("audio: \\d+ pieces, not stored");
		page.find("#title:has-text('Hello upstream')").waitFor();
		assertProven(page);
		assertThat(storedText(page)).isEqualTo(lastText(page));
		assertThat(cluster.log(page.sessionId()).toString()).doesNotContain("response.audio.delta")
			.doesNotContain(UPSTREAM_SECRET);

		page.reload();
		page.awaitAnswers(1, "done");
		assertThat(answer(page)).isEqualTo(answer);
		assertThat(page.find(SOUND).innerText()).matches("audio: 0 of \\d+ pieces\\. Sound is not stored.*");
		assertThat(page.find("#upstream").getAttribute("aria-pressed")).as("remembered").isEqualTo("true");
		ChatPage other = open("/#/c/" + page.sessionId());
		other.awaitAnswers(1, "done");
		assertThat(answer(other)).isEqualTo(answer);
		assertThat(other.find("#upstream").getAttribute("aria-pressed")).as("as it was said last").isEqualTo("true");
		other.click("#new");
		assertThat(other.find("#upstream").getAttribute("aria-pressed")).isEqualTo("false");
	}

	@Test
	void theModelAndTheUpstreamAnswerInOneConversation() {
		this.gate.open();
		ChatPage page = open("/");
		page.say("To the model");
		page.awaitAnswers(1, "done");
		page.click("#upstream");
		page.say("To the upstream");
		page.awaitAnswers(2, "done");
		page.click("#upstream");
		page.say("To the model again");
		page.awaitAnswers(3, "done");

		assertThat(page.find(ANSWER + " > .tag").count()).isOne();
		assertThat(answer(page)).isEqualTo(words(0, WORDS));
		assertThat(saidIn(page.sessionId())).containsExactly("To the model", "To the model again");
		assertProven(page);
	}

	@Test
	void aSuggestionGoesWhereWhatIsTypedWouldGo() {
		ChatPage page = open("/");
		page.click("#upstream");
		page.click("#suggestions button:last-child");
		page.awaitAnswers(1, "done");

		assertThat(page.find(ANSWER + " > .tag").innerText()).isEqualTo("upstream");
		assertThat(saidIn(page.sessionId())).as("said to the model").isEmpty();
	}

	@Test
	void aCutInTheMiddleCostsSoundAndNoText() {
		ChatPage page = open("/");
		beginAnswer(page);
		disconnect(page);
		int log = cluster.log(page.sessionId()).size();
		page.tab().waitForCondition(() -> cluster.log(page.sessionId()).size() > log + 10);
		reconnect(page);
		page.awaitAnswers(1, "done");

		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
		assertProven(page);
		assertThat(storedText(page)).isEqualTo(lastText(page));
		assertThat(page.find(ANSWER + " .cut").getAttribute("data-text")).endsWith("0 lost · 0 twice");
		assertThat(page.find(SOUND).innerText()).matches(
				"audio: [1-9]\\d* of \\d+ pieces\\. Sound is not stored, so the rest is missing; the text is complete");
	}

	@Test
	void aReloadInTheMiddleCostsNoText() {
		ChatPage page = open("/");
		beginAnswer(page);
		page.reload();
		page.awaitAnswers(1, "done");

		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
		assertThat(page.find(ANSWER).count()).isOne();
		assertThat(page.find(".message[data-role=user]").count()).isOne();
		assertThat(storedText(page)).isEqualTo(lastText(page));
	}

	@Test
	void aServerThatIsKilledTakesUpTheConnectionAndAsksAgain() throws Exception {
		ChatPage page = open("/");
		beginAnswer(page);
		cluster.node(0).kill();
		page.awaitState("waiting");
		cluster.node(0);
		page.awaitConnected();
		page.awaitAnswers(1, "done");

		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
		assertThat(page.find(ANSWER).count()).isOne();
		assertThat(page.find(ANSWER + " .note").innerText())
			.isEqualTo("Written again: the connection to the upstream was lost");
		assertThat(page.find(".happened").allInnerTexts()).last()
			.asString()
			.contains("Connected to the upstream again; the question is sent again");
		assertThat(storedText(page)).isEqualTo(lastText(page));
		assertProven(page);
		page.reload();
		page.awaitAnswers(1, "done");
		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
	}

	@Test
	void aRestartInTheMiddleIsFollowedByTheWholeAnswer() {
		ChatPage page = open("/");
		beginAnswer(page);
		page.click("#restart");
		page.awaitReconnects(1);
		page.awaitAnswers(1, "done");

		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
		assertThat(storedText(page)).isEqualTo(lastText(page));
		assertProven(page);
	}

	@Test
	void whatIsSaidWithoutAConnectionReachesTheUpstreamOnce() {
		ChatPage page = open("/");
		page.click("#upstream");
		page.say("First");
		page.awaitAnswers(1, "done");
		disconnect(page);
		page.say("While away");
		page.find(".message[data-status=sending] .tag").waitFor();
		page.tab().reload();
		page.find(".message[data-status=sending]:has-text('While away')").waitFor();
		reconnect(page);
		page.awaitAnswers(2, "done");

		assertThat(answer(page)).startsWith("You said: “While away”");
		assertThat(cluster.log(page.sessionId())
			.stream()
			.map((event) -> event.path("payload").path("message").path("text").asString(""))
			.filter((text) -> !text.isEmpty())).containsExactly("First", "While away");
	}

	@Test
	void piecesOfTextAndOfSoundAreALineEachInTheEvents() {
		ChatPage page = open("/");
		page.click("#show-events");
		beginAnswer(page);
		cut();
		page.awaitReconnects(1);
		page.find("#event-list .lost").waitFor();
		page.awaitAnswers(1, "done");
		page.find("#event-list .type:has-text('response.done')").waitFor();

		for (String type : List.of("response.text.delta", "response.audio.delta")) {
			assertThat(page.find("#event-list .type:has-text('" + type + "')").count()).as(type).isBetween(2, 8);
		}
		assertThat(page.find("#event-list .badge:has-text('ephemeral')").count()).isPositive();
		assertThat(page.errors()).isEmpty();
	}

	@Test
	void soundIsPlayedOnlyIfItIsWanted() {
		this.browser.addInitScript("""
				window.played = 0;
				const start = AudioBufferSourceNode.prototype.start;
				AudioBufferSourceNode.prototype.start = function(...when) {
					window.played++;
					start.apply(this, when);
				};""");
		ChatPage page = open("/");
		beginAnswer(page);
		assertThat(page.tab().evaluate("window.played")).isEqualTo(0);
		page.click("#sound");
		page.tab().waitForFunction("() => window.played > 3");
		page.click("#sound");
		int played = ((Number) page.tab().evaluate("window.played")).intValue();
		page.awaitAnswers(1, "done");

		assertThat(page.tab().evaluate("window.played")).isEqualTo(played);
		assertThat(page.errors()).isEmpty();
		assertThat((List<?>) page.violations()).isEmpty();
	}

	@Test
	void typingIsShownOnOtherPagesAndForAMomentOnly() {
		ChatPage page = open("/");
		ChatPage other = joined(page);
		ChatPage elsewhere = open("/");
		long begun = System.nanoTime();
		page.find("#input")
			.pressSequentially("a longer message that takes its time",
					new Locator.PressSequentiallyOptions().setDelay(40));
		other.find("#typing:has-text('typing…')").waitFor();
		long seconds = (System.nanoTime() - begun) / 1_000_000_000;

		assertThat(page.find("#typing").innerText()).isEmpty();
		assertThat(elsewhere.find("#typing").innerText()).isEmpty();
		assertThat(this.sent.stream().filter((frame) -> frame.contains("\"typing\"")).count()).isBetween(1L,
				seconds + 1);
		hidden(other, "#typing:not(:empty)");
		assertThat(cluster.log(page.sessionId())).isEmpty();
	}

	@Test
	void theNumberOfConnectionsFollowsThePages() {
		ChatPage page = open("/");
		page.tab().waitForCondition(() -> this.received.stream().anyMatch((frame) -> frame.contains("\"presence\"")));
		assertThat(page.find("#presence").isVisible()).isFalse();
		ChatPage second = joined(page);
		connections(page, 2);
		connections(second, 2);
		ChatPage third = joined(page);
		connections(page, 3);
		third.tab().close();
		connections(page, 2);
		second.tab().close();
		hidden(page, "#presence");
	}

	private ChatPage joined(ChatPage page) {
		return open("/#/c/" + page.sessionId());
	}

	private static void connections(ChatPage page, int count) {
		page.find("#presence:has-text('" + count + " connections')").waitFor();
	}

	private static void hidden(ChatPage page, String selector) {
		page.find(selector).waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.HIDDEN));
	}

	/**
	 * Lets the upstream begin to answer.
	 */
	private static void beginAnswer(ChatPage page) {
		page.click("#upstream");
		page.say("Break something");
		page.awaitCharacters(60);
		page.find(SOUND + ":has-text('pieces')").waitFor();
		assertThat(page.find(ANSWER).getAttribute("data-status")).isEqualTo("running");
	}

	private static String answer(ChatPage page) {
		return page.said().get(page.said().size() - 1).text();
	}

	/**
	 * Returns the text of the last answer, from the log.
	 */
	private static String storedText(ChatPage page) {
		List<JsonNode> events = cluster.log(page.sessionId())
			.stream()
			.map((event) -> event.path("payload").path("event"))
			.toList();
		String last = events.stream()
			.filter((event) -> event.path("type").asString("").equals("response.created"))
			.reduce((first, second) -> second)
			.orElseThrow()
			.path("response_id")
			.stringValue();
		return events.stream()
			.filter((event) -> event.path("response_id").asString("").equals(last))
			.map((event) -> event.path("delta").asString(""))
			.collect(Collectors.joining());
	}

	/**
	 * Returns the text of the last answer as the page would copy it.
	 */
	private static String lastText(ChatPage page) {
		page.find(ANSWER + " .copy").last().click();
		return (String) page.tab().evaluate("navigator.clipboard.readText()");
	}

	private static void assertProven(ChatPage page) {
		page.find("#proof[data-state=proven]").waitFor();
		int log = cluster.log(page.sessionId()).size();
		page.tab().waitForFunction("(log) => Number(document.querySelector('#cursor').textContent) >= log", log);
		assertThat(page.find("#proof").innerText()).doesNotContain("lost");
	}

}
