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
 * Tests a conversation with an upstream: its text survives failures, its sound is sent
 * only to the current connections, and its secret stays on the server.
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
	void assertNoFrameContainsTheSecret() throws Exception {
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
		assertAllReceived(page);
		assertThat(storedText(page)).isEqualTo(copiedText(page));
		assertThat(cluster.log(page.sessionId()).toString()).doesNotContain("response.audio.delta")
			.doesNotContain(UPSTREAM_SECRET);

		page.reload();
		page.awaitAnswers(1, "done");
		assertThat(answer(page)).isEqualTo(answer);
		assertThat(page.find(SOUND).innerText()).matches("audio: 0 of \\d+ pieces\\. Sound is not stored.*");
		assertThat(page.find("#upstream").getAttribute("aria-pressed")).as("remembered choice").isEqualTo("true");
		ChatPage other = open("/#/c/" + page.sessionId());
		other.awaitAnswers(1, "done");
		assertThat(answer(other)).isEqualTo(answer);
		assertThat(other.find("#upstream").getAttribute("aria-pressed")).as("recipient of the last message")
			.isEqualTo("true");
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
		assertThat(userMessages(page.sessionId())).containsExactly("To the model", "To the model again");
		assertAllReceived(page);
	}

	@Test
	void aSuggestionIsSentToTheChosenRecipient() {
		ChatPage page = open("/");
		page.click("#upstream");
		page.click("#suggestions button:last-child");
		page.awaitAnswers(1, "done");

		assertThat(page.find(ANSWER + " > .tag").innerText()).isEqualTo("upstream");
		assertThat(userMessages(page.sessionId())).as("messages to the model").isEmpty();
	}

	@Test
	void aCutLosesSoundButNoText() {
		ChatPage page = open("/");
		startUpstreamAnswer(page);
		disconnect(page);
		int log = cluster.log(page.sessionId()).size();
		page.tab().waitForCondition(() -> cluster.log(page.sessionId()).size() > log + 10);
		reconnect(page);
		page.awaitAnswers(1, "done");

		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
		assertAllReceived(page);
		assertThat(storedText(page)).isEqualTo(copiedText(page));
		assertThat(page.find(ANSWER + " .cut").getAttribute("data-text")).endsWith("0 lost · 0 twice");
		assertThat(page.find(SOUND).innerText()).matches(
				"audio: [1-9]\\d* of \\d+ pieces\\. Sound is not stored, so the rest is missing; the text is complete");
	}

	@Test
	void aReloadLosesNoText() {
		ChatPage page = open("/");
		startUpstreamAnswer(page);
		page.reload();
		page.awaitAnswers(1, "done");

		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
		assertThat(page.find(ANSWER).count()).isOne();
		assertThat(page.find(".message[data-role=user]").count()).isOne();
		assertThat(storedText(page)).isEqualTo(copiedText(page));
	}

	@Test
	void aMessageIsSentToTheUpstreamAgainAfterAKill() throws Exception {
		ChatPage page = open("/");
		startUpstreamAnswer(page);
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
		assertThat(storedText(page)).isEqualTo(copiedText(page));
		assertAllReceived(page);
		page.reload();
		page.awaitAnswers(1, "done");
		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
	}

	@Test
	void anAnswerIsCompleteAfterARestart() {
		ChatPage page = open("/");
		startUpstreamAnswer(page);
		page.click("#restart");
		page.awaitReconnects(1);
		page.awaitAnswers(1, "done");

		assertThat(answer(page)).startsWith("You said").endsWith("I begin again.");
		assertThat(storedText(page)).isEqualTo(copiedText(page));
		assertAllReceived(page);
	}

	@Test
	void aMessageWrittenWithoutAConnectionReachesTheUpstreamOnce() {
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
	void piecesOfTextAndSoundAreFoldedInTheEvents() {
		ChatPage page = open("/");
		page.click("#show-events");
		startUpstreamAnswer(page);
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
	void soundIsPlayedOnlyWhileItIsOn() {
		this.browser.addInitScript("""
				window.played = 0;
				const start = AudioBufferSourceNode.prototype.start;
				AudioBufferSourceNode.prototype.start = function(...when) {
					window.played++;
					start.apply(this, when);
				};""");
		ChatPage page = open("/");
		startUpstreamAnswer(page);
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
	void typingIsShownBrieflyAndOnlyOnOtherPages() {
		ChatPage page = open("/");
		ChatPage other = openSameConversation(page);
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
		awaitHidden(other, "#typing:not(:empty)");
		assertThat(cluster.log(page.sessionId())).isEmpty();
	}

	@Test
	void theNumberOfConnectionsIsThatOfTheOpenPages() {
		ChatPage page = open("/");
		page.tab().waitForCondition(() -> this.received.stream().anyMatch((frame) -> frame.contains("\"presence\"")));
		assertThat(page.find("#presence").isVisible()).isFalse();
		ChatPage second = openSameConversation(page);
		awaitConnections(page, 2);
		awaitConnections(second, 2);
		ChatPage third = openSameConversation(page);
		awaitConnections(page, 3);
		third.tab().close();
		awaitConnections(page, 2);
		second.tab().close();
		awaitHidden(page, "#presence");
	}

	private ChatPage openSameConversation(ChatPage page) {
		return open("/#/c/" + page.sessionId());
	}

	private static void awaitConnections(ChatPage page, int count) {
		page.find("#presence:has-text('" + count + " connections')").waitFor();
	}

	private static void awaitHidden(ChatPage page, String selector) {
		page.find(selector).waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.HIDDEN));
	}

	/**
	 * Sends a message to the upstream, and waits until a part of the answer is shown.
	 */
	private static void startUpstreamAnswer(ChatPage page) {
		page.click("#upstream");
		page.say("Break something");
		page.awaitCharacters(60);
		page.find(SOUND + ":has-text('pieces')").waitFor();
		assertThat(page.find(ANSWER).getAttribute("data-status")).isEqualTo("running");
	}

	private static String answer(ChatPage page) {
		return page.messages().get(page.messages().size() - 1).text();
	}

	/**
	 * Returns the text of the last answer in the log.
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
	 * Returns the text of the last answer as the page copies it.
	 */
	private static String copiedText(ChatPage page) {
		page.find(ANSWER + " .copy").last().click();
		return (String) page.tab().evaluate("navigator.clipboard.readText()");
	}

	private static void assertAllReceived(ChatPage page) {
		page.find("#proof[data-state=proven]").waitFor();
		int log = cluster.log(page.sessionId()).size();
		page.tab().waitForFunction("(log) => Number(document.querySelector('#cursor').textContent) >= log", log);
		assertThat(page.find("#proof").innerText()).doesNotContain("lost");
	}

}
