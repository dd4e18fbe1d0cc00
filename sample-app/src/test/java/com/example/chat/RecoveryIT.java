package com.example.chat;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ReducedMotion;
import dev.resumablews.testing.OpenAiAnswer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests what a reader sees during a break and after it.
 */
class RecoveryIT extends PageScenario {

	private static final String MARK = ".message[data-role=assistant] .cut";

	private static final String TINTED = "() => [...CSS.highlights.get('missed')].map(String).join('')";

	@Test
	void aBreakIsMarkedInTheAnswerAndMissedWordsAreTinted() {
		ChatPage page = open("/");
		page.say("Go");
		page.find(".message[data-status=running]").waitFor();
		streamWords(page, page.sessionId(), 8);
		page.awaitAnswer(words(0, 8));
		disconnect(page);
		assertThat(mark(page)).isEqualTo("cut · reconnecting …");
		streamWords(page, page.sessionId(), 4);
		int log = lastEvent(page);
		reconnect(page);

		assertThat(mark(page))
			.matches("cut · back after \\d+\\.\\d s · 4 events replayed \\(%d–%d\\) · 0 lost · 0 twice"
				.formatted(log - 3, log));
		assertThat(page.find("#replayed").textContent()).isEqualTo("4");
		page.tab().waitForFunction("(words) => (%s)().trim() === words".formatted(TINTED), words(8, 12));
		page.tab().waitForFunction("() => !CSS.highlights.get('missed').size");
		this.gate.open();
		page.awaitAnswers(1, "done");
		page.awaitAnswer(words(0, WORDS));
		assertThat(textBeforeMark(page)).isEqualTo(words(0, 8));
		assertAllReceived(page, lastEvent(page));
		page.reload();
		assertThat(textBeforeMark(page)).isEqualTo(words(0, 8));
		assertThat(mark(page)).endsWith("0 lost · 0 twice");
	}

	@Test
	void missedWordsAreNotTintedWithReducedMotion() {
		ChatPage page = open("/");
		page.tab().emulateMedia(new Page.EmulateMediaOptions().setReducedMotion(ReducedMotion.REDUCE));
		page.tab().evaluate("""
				() => {
					window.tinted = 0;
					const highlight = CSS.highlights.get('missed');
					highlight.add = (range) => window.tinted++;
				}""");
		page.say("Go");
		page.find(".message[data-status=running]").waitFor();
		streamWords(page, page.sessionId(), 3);
		page.awaitAnswer(words(0, 3));
		disconnect(page);
		streamWords(page, page.sessionId(), 2);
		reconnect(page);
		page.awaitAnswer(words(0, 5));

		assertThat(mark(page)).contains("2 events replayed");
		assertThat(page.tab().evaluate("window.tinted")).isEqualTo(0);
	}

	@Test
	void eachOfSeveralBreaksIsMarkedAtItsPlace() {
		ChatPage page = open("/");
		page.say("Go");
		for (int i = 1; i <= 3; i++) {
			this.gate.release(10);
			page.awaitAnswer(words(0, 10 * i));
			disconnect(page);
			reconnect(page);
		}
		this.gate.open();
		page.awaitAnswers(1, "done");
		page.awaitAnswer(words(0, WORDS));

		assertThat(page.find(MARK).count()).isEqualTo(3);
		assertThat(textBefore(page, 0)).isEqualTo(words(0, 10));
		assertThat(textBefore(page, 1)).isEqualTo(words(0, 20));
		assertThat(textBefore(page, 2)).isEqualTo(words(0, 30));
	}

	@Test
	void aMarkDoesNotSplitInlineCode() {
		ChatPage page = open("/");
		Object around = page.tab().evaluate("""
				async () => {
					const { Marks } = await import('/marks.js');
					const code = document.createElement('code');
					code.append('GET request');
					const body = document.createElement('div');
					body.append('an ordinary ', code, ' with a header');
					const marks = new Marks(body);
					marks.add('anordinaryGET'.length);
					marks.place();
					return [...body.childNodes].map((node) => node.className || node.textContent).join('|');
				}""");

		assertThat(around).isEqualTo("an ordinary |GET request|cut| with a header");
	}

	@Test
	void theLedgerDetectsMissingAndDuplicateEvents() {
		ChatPage page = open("/");
		Object figures = page.tab()
			.evaluate(
					"""
							async () => {
								const { Ledger } = await import('/ledger.js');
								const figures = (events) => {
									const ledger = new Ledger();
									const client = new EventTarget();
									ledger.follow(client);
									events.forEach((detail) => client.dispatchEvent(new CustomEvent('event', { detail })));
									return [ledger.received, ledger.log, ledger.lost, ledger.twice, ledger.complete].join(' ');
								};
								const said = (event_id) => ({ type: 'user_message', event_id, payload: {} });
								const started = (event_id) => ({ type: 'assistant_started', event_id, payload: { message_id: 'a' } });
								const delta = (event_id, offset, content) =>
									({ type: 'assistant_delta', event_id, payload: { message_id: 'a', offset, content } });
								const done = (event_id, content) => ({ type: 'assistant_message', event_id, payload: { message_id: 'a', content } });
								return {
									whole: figures([said(1), started(2), delta(3, 0, 'ab'), done(4, 'ab')]),
									merged: figures([said(1), started(2), delta(5, 0, 'abc'), done(6, 'abc')]),
									compacted: figures([said(1), started(2), done(9, 'abc'), said(10)]),
									gap: figures([said(1), said(3)]),
									hole: figures([said(1), started(2), delta(4, 1, 'b')]),
									other: figures([said(1), started(2), delta(3, 0, 'ab'), done(4, 'xb')]),
									twice: figures([said(1), said(1)]),
								};
							}""");

		assertThat(figures)
			.isEqualTo(Map.of("whole", "4 4 0 0 true", "merged", "6 6 0 0 true", "compacted", "10 10 0 0 true", "gap",
					"2 3 1 0 false", "hole", "3 4 1 0 false", "other", "3 4 1 0 false", "twice", "1 1 0 1 false"));
	}

	@Test
	void theTextOfALostAttemptRemainsUntilTheNextOneIsLonger() throws Exception {
		ChatPage page = open("/");
		page.say("Go");
		this.gate.release(20);
		page.awaitAnswer(words(0, 20));
		cluster.node(0).kill();
		page.awaitState("waiting");
		cluster.node(0);
		page.find(".former").waitFor();
		assertThat(page.find(".former").innerText()).startsWith("word0").endsWith("word19");
		this.gate.release(10);
		page.find(".note:has-text('has written')").waitFor();
		assertThat(page.find(".former").isVisible()).isTrue();
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertThat(page.find(".former").count()).isZero();
		page.awaitAnswer(words(0, WORDS));
		assertThat(page.find(".message[data-role=assistant] .note").innerText())
			.isEqualTo("Written again: the server was lost");
	}

	@Test
	void aPendingStopIsShownAndDoesNotStopTheNextAnswer() {
		ChatPage page = open("/");
		page.say("First");
		this.gate.release(20);
		page.awaitAnswer(words(0, 20));
		disconnect(page);
		page.click("#stop");
		assertThat(page.find(".message[data-role=assistant] .note").innerText())
			.isEqualTo("Stops when the connection is back");
		page.say("Second");
		reconnect(page);
		page.find(".message[data-status=cancelled]").waitFor();
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertThat(page.find(".message[data-status=cancelled] .note").innerText()).isEqualTo("Stopped");
	}

	@Test
	void eventsAreFoldedPinnedAndPausedOnHover() {
		ChatPage page = open("/");
		page.click("#show-events");
		page.say("Go");
		page.find(".message[data-status=running]").waitFor();
		streamWords(page, page.sessionId(), 7);
		page.awaitAnswer(words(0, 7));
		page.find("#event-list .type:has-text('assistant_delta ×7')").waitFor();
		assertThat(page.find("#event-list .type:has-text('assistant_delta')").count()).isOne();
		cut();
		page.awaitReconnects(1);
		page.find("#connection-list .lost").waitFor();
		page.find("#event-list .lost").waitFor();
		assertThat(page.find("#connection-list .type").allInnerTexts()).containsSubsequence("session_init",
				"replay_complete", "connection lost", "session_init", "replay_complete");
		page.find("#event-list").hover();
		page.find("#events-paused").waitFor();
		int before = page.find("#event-list li").count();
		this.gate.open();
		page.awaitAnswers(1, "done");
		page.find("#events-paused:has-text('more')").waitFor();
		assertThat(page.find("#event-list li").count()).isEqualTo(before);
		page.find("h1").hover();
		page.find("#event-list .type:has-text('assistant_message')").waitFor();
	}

	@Test
	void nothingIsLostWhenEverythingIsBroken() {
		ChatPage page = open("/");
		page.say("Survive");
		this.gate.release(10);
		page.awaitAnswer(words(0, 10));
		page.click("#everything");
		page.awaitReconnects(2);
		this.gate.release(20);
		page.find("#notice:has-text('Everything was broken')").waitFor();
		assertThat(page.notice()).endsWith(": 0 lost, 0 twice");
		page.find("#everything:has-text('for 20 s')").waitFor();
		page.awaitConnected();
		this.gate.open();
		page.awaitAnswers(1, "done");
		page.awaitAnswer(words(0, WORDS));

		assertThat(page.find(MARK).count()).isGreaterThanOrEqualTo(4);
		assertThat(page.find("#slow").getAttribute("aria-pressed")).isEqualTo("false");
	}

	@Test
	void aPlainWebSocketLosesWhatTheResumableOneKeeps() {
		// two concurrent requests would compete for the words of a gate
		cluster.model().answer(OpenAiAnswer.ofPieces(300).pacedBy(Duration.ofMillis(20)));
		ChatPage page = open("/");
		page.click("#compare");
		page.find("#plain-state[data-state=open]").waitFor();
		page.say("Both of you");
		page.tab().waitForFunction("""
				() => document.querySelector('.plain-body')?.textContent.length > 40
						&& document.querySelector('.message[data-role=assistant] .body')?.textContent.length > 40""");
		page.click("#cut");
		page.find(".plain-answer .note[data-state=lost]").waitFor();
		page.awaitReconnects(1);
		page.awaitAnswers(1, "done");
		page.awaitAnswer(String.join("", OpenAiAnswer.ofPieces(300).pieces()));
		page.find(".plain-answer .note:has-text(' lost')").waitFor();

		assertThat(page.find(".plain-answer .note").innerText())
			.matches("[\\d,]+ of 3,190 characters: [1-9][\\d,]* lost");
		page.find("#plain-state[data-state=open]").waitFor();
	}

	@Test
	void theStatusBarShowsTheCauseAndTheNextAttempt() {
		ChatPage page = open("/");
		disconnect(page);
		page.find("#why:has-text('The connection broke off')").waitFor();
		page.find("#why:has-text('next attempt in')").waitFor();
		assertThat(page.find("footer").innerText()).doesNotContain("1006");
		this.browser.route("**/api/sign-in", (route) -> route.fulfill(new Route.FulfillOptions().setStatus(503)));
		page.find("#reconnect").evaluate("(button) => button.click()");
		page.find("#why:has-text('refuses to sign you in (503)')").waitFor();
		this.browser.unroute("**/api/sign-in");
		reconnect(page);

		page.tab().waitForFunction("() => !document.querySelector('#why').textContent");
	}

	@Test
	void offlineIsShownBeforeTheConnectionIsLost() {
		ChatPage page = open("/");
		page.click("#show-events");
		this.browser.setOffline(true);
		page.find("#state:has-text('Offline')").waitFor();
		assertThat(page.find("#connection-list .lost").count()).isZero();
		this.browser.setOffline(false);
		page.find("#state:has-text('Connected')").waitFor();
	}

	@Test
	void noticesStayLongEnoughToBeRead() {
		ChatPage page = open("/");
		page.tab()
			.evaluate(
					"""
							() => {
								window.notices = [];
								new MutationObserver(() => window.notices.push([document.querySelector('#notice').textContent, performance.now()]))
									.observe(document.querySelector('#notice'), { childList: true });
							}""");
		page.click("#expire");
		page.tab().waitForFunction("() => window.notices.length >= 2");

		List<?> notices = (List<?>) page.tab().evaluate("window.notices.map(([text]) => text)");
		assertThat((String) notices.get(0)).startsWith("The next token lives for 3 seconds");
		assertThat(((Number) page.tab().evaluate("window.notices[1][1] - window.notices[0][1]")).doubleValue())
			.isGreaterThan(2_000);
	}

	@Test
	void theHeaderNamesTheModel() {
		ChatPage page = open("/");
		page.find("#who:has-text('gpt-4o-mini answers')").waitFor();
	}

	private static String mark(ChatPage page) {
		return page.find(MARK).first().getAttribute("data-text");
	}

	private static String textBeforeMark(ChatPage page) {
		return textBefore(page, 0);
	}

	private static String textBefore(ChatPage page, int mark) {
		Locator found = page.find(MARK).nth(mark);
		return ((String) found.evaluate("""
				(mark) => {
					const range = document.createRange();
					range.setStartBefore(mark.closest('.body'));
					range.setEndBefore(mark);
					return range.toString();
				}""")).strip();
	}

	private int lastEvent(ChatPage page) {
		return cluster.log(page.sessionId())
			.stream()
			.mapToInt((event) -> event.path("event_id").asInt())
			.max()
			.orElseThrow();
	}

	private static void assertAllReceived(ChatPage page, int log) {
		page.tab()
			.waitForFunction("(text) => document.querySelector('#proof').textContent === text",
					"%d = log %d ✓".formatted(log, log));
	}

}
