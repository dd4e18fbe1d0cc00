package com.example.chat;

import java.util.List;
import java.util.stream.IntStream;

import com.microsoft.playwright.options.BoundingBox;
import dev.resumablews.testing.OpenAiAnswer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests reading while an answer grows, in one tab and in several.
 */
class ReadingIT extends PageScenario {

	@ParameterizedTest
	@ValueSource(strings = { "wheel", "keys" })
	void aReaderWhoScrollsUpInSmallStepsKeepsThePosition(String by) {
		ChatPage page = longAnswer();
		BoundingBox box = page.find("#scroller").boundingBox();
		page.tab().mouse().move(box.x + 200, box.y + 200);
		page.find("#scroller").focus();
		for (int i = 0; i < 12; i++) {
			double before = page.distanceFromEnd();
			if (by.equals("wheel")) {
				page.tab().mouse().wheel(0, -8);
			}
			else {
				page.tab().keyboard().press("ArrowUp");
			}
			page.tab()
				.waitForFunction("(before) => { const s = document.querySelector('#scroller');"
						+ " return s.scrollHeight - s.scrollTop - s.clientHeight > before; }", before);
			this.gate.release(1);
			page.find("text=Paragraph " + (40 + i)).waitFor();
		}
		assertThat(page.distanceFromEnd()).isGreaterThan(12 * 8);
		// the browser scrolls smoothly, and may not have finished for the last key
		page.tab().waitForFunction("""
				() => {
					const { scrollTop } = document.querySelector('#scroller');
					window.still = scrollTop === window.lastTop ? (window.still ?? 0) + 1 : 0;
					window.lastTop = scrollTop;
					return window.still > 20;
				}""");
		page.click("#latest");
		assertThat(page.distanceFromEnd()).isLessThan(5);
		assertThat(page.tab().evaluate("document.activeElement.id")).isEqualTo("input");
		this.gate.release(1);
		page.find("text=Paragraph 52").waitFor();
		page.tab().waitForCondition(() -> page.distanceFromEnd() < 5);
	}

	@Test
	void aConversationOfAnotherTabIsListedImmediately() {
		ChatPage first = open("/");
		ChatPage second = open("/");
		second.say("From the other tab");
		first.find("#conversations .title:has-text('From the other tab')").waitFor();
		assertThat(first.find("#conversations a").getAttribute("title")).isEqualTo("From the other tab");
	}

	@Test
	void aBackgroundTabShowsThatItsAnswerIsComplete() {
		ChatPage page = open("/");
		page.say("Call me");
		this.gate.release(5);
		page.awaitAnswer(words(0, 5));
		page.setVisibility("hidden");
		this.gate.open();
		page.awaitAnswers(1, "done");
		page.tab().waitForFunction("() => document.title.startsWith('● ')");
		page.setVisibility("visible");
		page.tab().waitForFunction("() => !document.title.startsWith('● ')");
	}

	@Test
	void messagesShowTheirTime() {
		this.gate.open();
		ChatPage page = open("/");
		page.say("What time is it?");
		page.awaitAnswers(1, "done");
		List<?> times = (List<?>) page.tab()
			.evaluate(
					"[...document.querySelectorAll('.message time')].map((time) => Date.now() - Date.parse(time.dateTime))");
		assertThat(times).hasSize(2)
			.allSatisfy((age) -> assertThat(((Number) age).longValue()).isBetween(-5_000L, 60_000L));
	}

	@Test
	void shortcutsBeginAConversationAndShowTheEvents() {
		this.gate.open();
		ChatPage page = open("/");
		page.say("By keyboard");
		page.awaitAnswers(1, "done");
		page.tab().keyboard().press("Alt+e");
		page.find("#event-list").waitFor();
		page.tab().keyboard().press("/");
		assertThat(page.tab().evaluate("document.activeElement.id")).isEqualTo("input");
		page.tab().keyboard().press("Alt+n");
		page.find("#welcome").waitFor();
	}

	private ChatPage longAnswer() {
		List<String> paragraphs = IntStream.range(0, 60).mapToObj((i) -> "Paragraph " + i + "\n\n").toList();
		cluster.model().answer(OpenAiAnswer.of(paragraphs).pacedBy(this.gate));
		ChatPage page = open("/");
		page.say("At length, please");
		this.gate.release(40);
		page.find("text=Paragraph 39").waitFor();
		return page;
	}

}
